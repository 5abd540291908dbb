"""Nodes under the same conditions, in turns: their figures, and the goals of those."""

from __future__ import annotations

import statistics
from typing import ClassVar

from benchmarks.runtime.results import Ages, Goal, Part, at_most
from edge_compress.bundle.schema import StrictModel

NODE, TUTORIAL, LEAST, YOLOX_ROS = "edge_compress", "tutorial", "least", "YOLOX-ROS"


class Condition(StrictModel):
    """What the camera does; bare inference runs `between` its frames, or in a turn of its own."""

    title: str
    width: int
    height: int
    rate_hz: float
    between: bool = False
    bound: float = 0.0


class Measured(StrictModel):
    """One node under one condition; `rounds_p50_ms` are of each turn, as is bare inference.

    `in_time` are the results that came while the camera played, not from a queue afterwards.
    """

    subject: str
    condition: str
    seconds: float
    published: int
    results: int
    in_time: int
    cpu_percent: float
    age_ms: Ages
    rounds_p50_ms: tuple[float, ...]
    bare_p50_ms: tuple[float, ...] = ()
    steps_p50_ms: dict[str, float]

    @property
    def fps(self) -> float:
        """Results a second."""
        return self.in_time / self.seconds

    @property
    def dropped(self) -> float:
        """Share of the published frames without a result, 0 to 1."""
        return 1 - self.results / self.published


class Comparison(Part):
    """Nodes in turns under the same conditions."""

    conditions: tuple[Condition, ...]
    measured: tuple[Measured, ...]

    def of(self, subject: str, condition: Condition) -> Measured | None:
        """The figures of a node, if it was measured."""
        wanted = (subject, condition.title)
        return next((m for m in self.measured if (m.subject, m.condition) == wanted), None)

    def ratios(self, subject: str, condition: Condition) -> list[float]:
        """Stamp-to-publish p50 by that of bare inference, round by round."""
        found = self.of(subject, condition)
        if found is None or not found.bare_p50_ms:
            return []
        pairs = zip(found.rounds_p50_ms, found.bare_p50_ms, strict=True)
        return [node / bare for node, bare in pairs]


class Overhead(Comparison):
    """What the node costs beyond bare inference."""

    name: ClassVar[str] = "overhead"
    startup_s: float

    @property
    def goals(self) -> tuple[Goal, ...]:
        """One for each condition."""
        return tuple(
            at_most(
                f"stamp-to-publish / bare inference, {one.title}",
                statistics.median(ratios),
                one.bound,
            )
            for one in self.conditions
            if (ratios := self.ratios(NODE, one))
        )


class Peers(Comparison):
    """The node beside others; the last condition is overload."""

    name: ClassVar[str] = "peers"

    @property
    def goals(self) -> tuple[Goal, ...]:
        """Throughput against YOLOX-ROS, latency against the tutorial's node, both overloaded."""
        overload = self.conditions[-1]
        ours, tutorial, other = (self.of(s, overload) for s in (NODE, TUTORIAL, YOLOX_ROS))
        fps = "frames a second / those of YOLOX-ROS, overloaded"
        found = []
        if ours is not None and other is not None:
            ratio = ours.fps / other.fps
            found.append(Goal(fps, "at least 2", f"{ratio:.2f}", ratio >= 2))
        else:
            found.append(Goal(fps, "at least 2", "", None))
        if ours is not None and tutorial is not None:
            what = "stamp-to-publish p99 / that of the tutorial's node, overloaded"
            found.append(at_most(what, ours.age_ms.p99 / tutorial.age_ms.p99, 0.6))
        return tuple(found)
