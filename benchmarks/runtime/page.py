"""docs/runtime.md from the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.runtime.parts import load
from benchmarks.runtime.results import FOLDER, ROOT, Goal, Part
from benchmarks.runtime.sections import section

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
    lines = [_HEAD, *_machines(parts), "## Goals", ""]
    lines += ["| | goal | measured | reached |", "|---|---|--:|---|"]
    for part in parts.values():
        lines += [_goal(goal) for goal in part.goals]
    for part in parts.values():
        lines += ["", *section(part)]
    return "\n".join(lines) + "\n"


def _machines(parts: Mapping[str, Part]) -> Iterator[str]:
    """Each machine, and what was measured on it."""
    machines = {part.machine.model_dump_json(): part.machine for part in parts.values()}
    for known, machine in machines.items():
        names = [name for name, one in parts.items() if one.machine.model_dump_json() == known]
        libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
        yield (
            f"- {', '.join(names)}: {machine.device}, {machine.cores} cores; {libraries}; "
            f"`FASTDDS_BUILTIN_TRANSPORTS={machine.transports}`"
        )
    yield ""


def _goal(goal: Goal) -> str:
    said = {True: "yes", False: "**no**", None: "not measured"}[goal.reached]
    return f"| {goal.what} | {goal.asked} | {goal.measured} | {said} |"
