"""The page's section on each part."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from benchmarks.runtime.compared import (
    LEAST,
    NODE,
    TUTORIAL,
    YOLOX_ROS,
    Condition,
    Overhead,
    Peers,
)
from benchmarks.runtime.endured import Cameras, Overload, Soak, Swap
from benchmarks.runtime.results import Ages, Part

_OVERHEAD = """\
## Overhead

`ratio` is the p50 by that of bare inference in the same round: the median of the rounds, and in
brackets the lowest and the highest. Bare inference runs in a process beside the node, once after
each result and before the next frame; under the last condition alone and back to back. The
[tutorial's node](../benchmarks/runtime/tutorial_node.py) is a subscription that builds the message,
resize and ONNX Runtime, all of it in the callback.
"""
_LEAST = """\
The [least node](../benchmarks/runtime/least_node.py) takes the image as bytes, does not look at it,
infers on a blank input and publishes nothing found: what it takes beyond bare inference is the
share of the middleware and of rclpy.
"""
_YOLOX_ROS = """\
YOLOX-ROS is the Python ONNX node of github.com/Ar-Ray-code/YOLOX-ROS (Apache-2.0), commit 0a58aa2e
of 24 December 2023, with Megvii's `yolox` 0.3.0 and its own `bboxes_ex_msgs`. It loads the model
anew for every frame, on as many threads as there are cores, draws each result, and has a reliable
queue of ten frames. Its source is unchanged; adapted from outside, in
[yolox_ros_node.py](../benchmarks/runtime/yolox_ros_node.py): `cv_bridge`, which no package registry
has, is the one function that it calls; a parameter whose default is None, which rclpy refuses, is
declared as dynamically typed; `imshow_isshow` is false, since there is no screen.
"""
_CAMERAS = """\
One process, one session. In step: all cameras send at the same moment, so that one of them waits
for the inference of all others.
"""
_SOAK = """\
A fault is visible when a report on /diagnostics tells of it: a count that has risen, with the
reason in words. NaN and the provider's error come from the model itself: the graph of its bundle
takes the logarithm of what a white corner of the frame makes zero, and looks up an index that
another white corner puts out of bounds ([bundles.py](../benchmarks/runtime/bundles.py)). So the
node is the one that flies, and nothing in it knows of the test.
"""


def section(part: Part) -> Iterator[str]:
    """The lines of one part."""
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
    yield _OVERHEAD
    if any(found.subject == LEAST for found in part.measured):
        yield _LEAST
    yield f"From configure to the first result the node takes {part.startup_s:.2f} s.\n"
    yield "| | node | ratio | bare p50, ms | p50, ms | p90 | p99 | CPU % of a core | dropped |"
    yield "|---|---|---|--:|--:|--:|--:|--:|--:|"
    for condition in part.conditions:
        for subject in (NODE, TUTORIAL, LEAST):
            found, ratios = part.of(subject, condition), part.ratios(subject, condition)
            if found is not None and ratios:
                bare = statistics.median(found.bare_p50_ms)
                yield (
                    f"| {_shown(condition)} | {subject} | {statistics.median(ratios):.2f} "
                    f"({min(ratios):.2f} to {max(ratios):.2f}) | {bare:.1f} | "
                    f"{_ages(found.age_ms)} | {found.cpu_percent:.0f} | {found.dropped:.1%} |"
                )
    yield "\nWhere the time of the node goes, p50 of each step in ms, in the last round:\n"
    ours = [(condition, part.of(NODE, condition)) for condition in part.conditions]
    steps = [(c.title, found.steps_p50_ms) for c, found in ours if found and found.steps_p50_ms]
    if steps:
        yield f"| | {' | '.join(steps[0][1])} |"
        yield f"|---|{'--:|' * len(steps[0][1])}"
    for title, values in steps:
        yield f"| {title} | {' | '.join(f'{value:.2f}' for value in values.values())} |"


def _peers(part: Peers) -> Iterator[str]:
    yield "## Beside other nodes\n"
    if any(found.subject == YOLOX_ROS for found in part.measured):
        yield _YOLOX_ROS
    yield "| | node | frames a second | p50, ms | p90 | p99 | CPU % of a core | dropped |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"
    for condition in part.conditions:
        for subject in (NODE, TUTORIAL, YOLOX_ROS):
            found = part.of(subject, condition)
            if found is not None:
                yield (
                    f"| {_shown(condition)} | {subject} | {found.fps:.1f} | "
                    f"{_ages(found.age_ms)} | {found.cpu_percent:.0f} | {found.dropped:.1%} |"
                )


def _overload(part: Overload) -> Iterator[str]:
    drops = ", ".join(f"{count} {cause}" for cause, count in part.drops.items())
    yield "## Overload\n"
    yield (
        f"{part.seconds:g} s at {part.rate_hz:.1f} fps, twice what bare inference allows "
        f"({part.bare_p50_ms:.1f} ms); in the node inference took {part.infer_p50_ms:.1f} ms.\n"
    )
    yield "| age of what was published | p50, ms | p90 | p99 | most |"
    yield "|---|--:|--:|--:|--:|"
    yield f"| | {_ages(part.age_ms)} | {part.age_ms.most:.1f} |"
    yield "\np99 in each tenth of the run, in ms; the second row by the node's own account:\n"
    yield f"| |{' |' * len(part.tenths_p99_ms)}"
    yield f"|---|{'--:|' * len(part.tenths_p99_ms)}"
    for what, tenths in (
        ("age", part.tenths_p99_ms),
        ("age without the frame's own inference", part.tenths_beyond_p99_ms),
    ):
        yield f"| {what} | {' | '.join(f'{value:.1f}' for value in tenths)} |"
    yield (
        f"\n{part.published} frames published = {part.processed} processed ({part.results} results "
        f"seen) + dropped: {drops}; {part.unaccounted} not accounted for."
    )


def _swap(part: Swap) -> Iterator[str]:
    yield "## Hot swap\n"
    yield (
        f"{part.seconds:g} s at {part.rate_hz:g} fps, another bundle every {part.every_s:g} s: "
        f"{part.swaps} of {part.wanted} swaps, {part.published} frames published, {part.results} "
        f"results. Longest gap between two results {part.longest_gap:.2f} frame periods, "
        f"{part.gaps_over_two} above two; {part.longest_gap_before:.2f} before the first swap. "
        f"From the parameter being set to the report that the new bundle runs: p50 "
        f"{part.swap_ms.p50:.0f} ms, at most {part.swap_ms.most:.0f} ms, at five reports a second. "
        f"{_memory(part.memory_mb, part.memory_growth)}"
    )


def _cameras(part: Cameras) -> Iterator[str]:
    yield "## Many cameras\n"
    yield _CAMERAS
    yield (
        f"CPU of four cameras by that of one with four times the rate: {part.ratio:.2f}, the "
        f"median of the rounds. Each added camera of 5 fps costs {part.added_cpu_percent:.1f} % of "
        "a core.\n"
    )
    yield "| cameras | fps of each | | CPU % of a core | p50, ms | p90 | p99 | frames | results |"
    yield "|--:|--:|---|--:|--:|--:|--:|--:|--:|"
    for one in part.sets:
        yield (
            f"| {one.cameras} | {one.rate_hz:g} | {'in step' if one.in_step else ''} | "
            f"{one.cpu_percent:.1f} | {_ages(one.age_ms)} | {one.published} | {one.results} |"
        )


def _soak(part: Soak) -> Iterator[str]:
    yield "## Faults\n"
    yield _SOAK
    yield (
        f"{part.seconds:g} s with a fault every second, in turns, at 10 fps: {part.results} "
        f"results of {part.published} frames, longest gap {part.longest_gap_s:.2f} s; exit code "
        f"{part.exit_code}, {part.tracebacks} tracebacks in the log. "
        f"{_memory(part.memory_mb, part.memory_growth)}\n"
    )
    yield "| fault | injected | visible | after at most, s |"
    yield "|---|--:|--:|--:|"
    for title, count in part.faults.items():
        slowest = "" if count.slowest_s is None else f"{count.slowest_s:.2f}"
        yield f"| {title} | {count.injected} | {count.visible} | {slowest} |"


def _ages(ages: Ages) -> str:
    return f"{ages.p50:.1f} | {ages.p90:.1f} | {ages.p99:.1f}"


def _shown(condition: Condition) -> str:
    if " fps" in condition.title:
        return condition.title
    return f"{condition.title} ({condition.rate_hz:.0f} fps)"


def _memory(samples: tuple[float, ...], grown: float) -> str:
    return (
        f"Memory {min(samples):.0f} to {max(samples):.0f} MB; its last fifth against its first "
        f"{grown:+.1%}."
    )
