"""docs/runtime.md from the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.runtime.results import (
    FOLDER,
    NODE,
    ROOT,
    TUTORIAL,
    YOLOX_ROS,
    Cameras,
    Comparison,
    Condition,
    Goal,
    Overhead,
    Overload,
    Part,
    Peers,
    Soak,
    Swap,
    load,
)

PAGE = ROOT / "docs" / "runtime.md"
_HEAD = """\
# What the detector node costs, and what it bears

Written by `python -m benchmarks runtime` from the figures in
[benchmarks/results/runtime](../benchmarks/results/runtime); do not edit. The model is YOLOX-Nano,
**not** compressed, 416 x 416, ONNX Runtime on the CPU. Camera, node and listener are processes of
their own over DDS; the camera's frames (`vtest.avi`, bgr8) are serialized beforehand and stamped
when they are sent. Latency is from that stamp to the time at which the middleware was handed the
result, which it notes itself; so it is measured in the same way for every node. What is compared
was measured in turns within one run. Inference has one thread where a node lets one say so.
"""


def write() -> None:
    """Write the page."""
    PAGE.write_text(text(load(FOLDER)), encoding="utf-8")


def text(parts: Mapping[str, Part]) -> str:
    """The page for these figures."""
    lines = [
        _HEAD,
        *_machines(parts),
        "## Goals",
        "",
        "| | goal | measured | |",
        "|---|---|--:|---|",
    ]
    for part in parts.values():
        lines += [_goal(goal) for goal in part.goals]
    lines.append("")
    for part in parts.values():
        lines += [*_section(part), ""]
    return "\n".join(lines).rstrip() + "\n"


def _machines(parts: Mapping[str, Part]) -> Iterator[str]:
    seen = {part.machine.model_dump_json(): part.machine for part in parts.values()}
    for machine in seen.values():
        libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
        yield (
            f"- {machine.device}, {machine.cores} cores; {libraries}; "
            f"`FASTDDS_BUILTIN_TRANSPORTS={machine.transports}`"
        )
    yield ""


def _goal(goal: Goal) -> str:
    said = {True: "yes", False: "**no**", None: "not measured"}[goal.reached]
    return f"| {goal.what} | {goal.asked} | {goal.measured} | {said} |"


def _section(part: Part) -> Iterator[str]:
    if isinstance(part, Overhead):
        yield from _overhead(part)
    elif isinstance(part, Peers):
        yield from _peers(part)
    elif isinstance(part, Overload):
        yield from _overload(part)
    elif isinstance(part, Swap):
        yield from _swap(part)
    elif isinstance(part, Cameras):
        yield from _cameras(part)
    elif isinstance(part, Soak):
        yield from _soak(part)


def _overhead(part: Overhead) -> Iterator[str]:
    yield "## Overhead"
    yield ""
    yield (
        "`ratio` is the p50 by that of bare inference in the same round, the median of the rounds; "
        "in brackets the lowest and the highest. Under the last condition bare inference runs back "
        "to back, under the others at the camera's rate. The tutorial's node is "
        "[benchmarks/runtime/tutorial_node.py](../benchmarks/runtime/tutorial_node.py): a "
        "subscription that builds the message, resize, ONNX Runtime on one thread, all of it in "
        "the "
        f"callback. From configure to the first result: {part.startup_s:.2f} s."
    )
    yield ""
    yield "| | node | ratio | p50, ms | p90 | p99 | bare p50, ms | CPU % of a core | dropped |"
    yield "|---|---|---|--:|--:|--:|--:|--:|--:|"
    for condition in part.conditions:
        bare = sorted(condition.bare_p50_ms)[len(condition.bare_p50_ms) // 2]
        for subject in (NODE, TUTORIAL):
            found, ratio = part.of(subject, condition), part.ratio(subject, condition)
            if found is None or ratio is None:
                continue
            pairs = zip(found.rounds_p50_ms, condition.bare_p50_ms, strict=True)
            ratios = [node / single for node, single in pairs]
            age = found.age_ms
            yield (
                f"| {_shown(condition)} | {subject} | {ratio:.2f} ({min(ratios):.2f} to "
                f"{max(ratios):.2f}) | {age.p50:.1f} | {age.p90:.1f} | {age.p99:.1f} | {bare:.1f} "
                "| "
                f"{found.cpu_percent:.0f} | {found.dropped:.1%} |"
            )
    yield ""
    yield "Where the time of the node goes, p50 of each step in ms, in the last round:"
    yield ""
    steps = [m.steps_p50_ms for m in part.measured if m.steps_p50_ms]
    if steps:
        yield f"| | {' | '.join(steps[0])} |"
        yield f"|---|{'--:|' * len(steps[0])}"
    for condition in part.conditions:
        found = part.of(NODE, condition)
        if found is not None and found.steps_p50_ms:
            shown = " | ".join(f"{value:.2f}" for value in found.steps_p50_ms.values())
            yield f"| {condition.title} | {shown} |"


def _peers(part: Peers) -> Iterator[str]:
    yield "## Beside other nodes"
    yield ""
    yield (
        "YOLOX-ROS is the Python ONNX node of github.com/Ar-Ray-code/YOLOX-ROS (Apache-2.0) as it "
        "was "
        "fetched, commit 0a58aa2e of 24 December 2023, with Megvii's `yolox` 0.3.0 and its own "
        "`bboxes_ex_msgs`. It loads the model anew for every frame, on as many threads as there "
        "are "
        "cores, draws each result, and has a reliable queue of ten frames. Adapted from outside, "
        "in "
        "[yolox_ros_node.py](../benchmarks/runtime/yolox_ros_node.py), and never in its source: "
        "`cv_bridge`, which no registry here has, is the one function it calls; a parameter whose "
        "default is None, which rclpy refuses since Galactic, is declared as dynamically typed; "
        "`imshow_isshow` is false, since there is no screen."
    )
    yield ""
    yield "| | node | frames a second | p50, ms | p90 | p99 | CPU % of a core | dropped |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"
    yield from _rows(part, (NODE, TUTORIAL, YOLOX_ROS))


def _rows(part: Comparison, subjects: tuple[str, ...]) -> Iterator[str]:
    for condition in part.conditions:
        for subject in subjects:
            found = part.of(subject, condition)
            if found is not None:
                age = found.age_ms
                yield (
                    f"| {_shown(condition)} | {subject} | {found.fps:.1f} | {age.p50:.1f} | "
                    f"{age.p90:.1f} | {age.p99:.1f} | {found.cpu_percent:.0f} | "
                    f"{found.dropped:.1%} |"
                )


def _shown(condition: Condition) -> str:
    if " fps" in condition.title:
        return condition.title
    return f"{condition.title} ({condition.rate_hz:.0f} fps)"


def _overload(part: Overload) -> Iterator[str]:
    drops = ", ".join(f"{count} {cause}" for cause, count in part.drops.items())
    tenths = ", ".join(f"{value:.1f}" for value in part.tenths_p99_ms)
    age = part.age_ms
    yield "## Overload"
    yield ""
    yield (
        f"{part.seconds:g} s at {part.rate_hz:.1f} fps, twice what bare inference "
        f"({part.bare_p50_ms:.1f} "
        f"ms) allows; in the node inference took {part.infer_p50_ms:.1f} ms (p99 "
        f"{part.infer_p99_ms:.1f} ms). Age of what was published: p50 {age.p50:.1f}, p90 "
        f"{age.p90:.1f}, p99 {age.p99:.1f}, at most {age.most:.1f} ms; {part.within_bound:.2%} "
        "within "
        f"{part.bound_ms:.1f} ms. p99 of each tenth of the run: {tenths} ms."
    )
    yield ""
    yield (
        f"{part.published} frames published = {part.processed} processed ({part.results} results "
        "seen)"
        f" + {drops}; {part.unaccounted} not accounted for."
    )


def _swap(part: Swap) -> Iterator[str]:
    yield "## Hot swap"
    yield ""
    yield (
        f"{part.seconds:g} s at {part.rate_hz:g} fps with another bundle every {part.every_s:g} s: "
        f"{part.swaps} of {part.wanted} swaps. Longest gap between two results "
        f"{part.longest_gap:.2f} frame periods ({part.longest_gap_before:.2f} before the first "
        "swap), "
        f"{part.gaps_over_two} above two; {part.published} frames published, {part.results} "
        "results. "
        f"From the parameter being set to the report that the new bundle runs: p50 "
        f"{part.swap_ms.p50:.0f} ms, at most {part.swap_ms.most:.0f} ms (diagnostics come once a "
        f"second). {_memory(part.memory_mb, part.memory_growth)}"
    )


def _cameras(part: Cameras) -> Iterator[str]:
    yield "## Many cameras"
    yield ""
    yield (
        f"One process, one session. CPU of four cameras by that of one with four times the rate: "
        f"{part.ratio:.2f} (median of the rounds). Each added camera of 5 fps costs "
        f"{part.added_cpu_percent:.1f} % of a core. `in step`: all cameras send at the same "
        "moment, so "
        "that the last one waits for the others' inference."
    )
    yield ""
    yield "| cameras | fps of each | | CPU % of a core | p50, ms | p90 | p99 | frames | results |"
    yield "|--:|--:|---|--:|--:|--:|--:|--:|--:|"
    for one in part.sets:
        age = one.age_ms
        yield (
            f"| {one.cameras} | {one.rate_hz:g} | {'in step' if one.in_step else ''} | "
            f"{one.cpu_percent:.1f} | {age.p50:.1f} | {age.p90:.1f} | {age.p99:.1f} | "
            f"{one.published} | {one.results} |"
        )


def _soak(part: Soak) -> Iterator[str]:
    yield "## Faults"
    yield ""
    yield (
        f"{part.seconds:g} s with a fault every second at 10 fps, in turns. A fault is visible "
        "when a "
        "report on /diagnostics tells of it before the next fault: a count that rises and the "
        "reason "
        "in words. NaN and the provider's error come from the model itself: a bundle whose graph "
        "divides by what a white corner of the frame makes zero, and one index of which leaves its "
        "table ([bundles.py](../benchmarks/runtime/bundles.py)), so the node is the one that "
        "flies. "
        f"{part.results} results of {part.published} frames, longest gap {part.longest_gap_s:.2f} "
        "s; "
        f"{_memory(part.memory_mb, part.memory_growth)} Exit code {part.exit_code}, "
        f"{part.tracebacks} tracebacks in the log."
    )
    yield ""
    yield "| fault | injected | visible | after at most, s |"
    yield "|---|--:|--:|--:|"
    for title, count in part.faults.items():
        slowest = "" if count.slowest_s is None else f"{count.slowest_s:.2f}"
        yield f"| {title} | {count.injected} | {count.visible} | {slowest} |"


def _memory(samples: tuple[float, ...], grown: float) -> str:
    return (
        f"Memory {min(samples):.0f} to {max(samples):.0f} MB; last fifth against the first "
        f"{grown:+.1%}."
    )
