"""What the node bears, for long: figures, and the goals of those."""

from __future__ import annotations

import statistics
from typing import ClassVar

import numpy as np

from benchmarks.runtime.results import Ages, Goal, Part, at_most
from edge_compress.bundle.schema import StrictModel


class Overload(Part):
    """Twice the rate that can be inferred; `drops` by cause.

    `tenths_p99_ms` is the age in each tenth of the run; `tenths_beyond_p99_ms` what is left of it
    without the frame's own inference, by the node's own account.
    """

    name: ClassVar[str] = "overload"
    rate_hz: float
    bare_p50_ms: float
    infer_p50_ms: float
    published: int
    processed: int
    results: int
    drops: dict[str, int]
    age_ms: Ages
    tenths_p99_ms: tuple[float, ...]
    tenths_beyond_p99_ms: tuple[float, ...]

    @property
    def bound_ms(self) -> float:
        """Two periods of the camera: how old a frame may be beyond its inference."""
        return 2000 / self.rate_hz

    @property
    def unaccounted(self) -> int:
        """Frames that were published but neither processed nor counted as dropped."""
        return self.published - self.processed - sum(self.drops.values())

    @property
    def goals(self) -> tuple[Goal, ...]:
        """No queue, and exact counts."""
        asked = f"at most {self.bound_ms:.1f} ms (2 periods)"
        worst = max(self.tenths_beyond_p99_ms)
        return (
            Goal(
                "overload x 2, age beyond inference, p99 in the worst tenth of the run",
                asked,
                f"{worst:.1f} ms",
                worst <= self.bound_ms,
            ),
            at_most("overload x 2, frames not accounted for", abs(self.unaccounted), 0),
            at_most("overload x 2, results not counted", abs(self.results - self.processed), 0),
        )


class Swap(Part):
    """A bundle swapped now and then; `gaps_before` and `gaps` are the longest, in periods."""

    name: ClassVar[str] = "swap"
    rate_hz: float
    every_s: float
    swaps: int
    wanted: int
    published: int
    results: int
    longest_gap_before: float
    longest_gap: float
    gaps_over_two: int
    swap_ms: Ages
    memory_mb: tuple[float, ...]
    memory_growth: float
    exit_code: int

    @property
    def goals(self) -> tuple[Goal, ...]:
        """No gap, no crash, no memory."""
        return (
            at_most("hot swap, longest gap in frame periods", self.longest_gap, 2),
            at_most("hot swap, swaps that failed", self.wanted - self.swaps, 0),
            at_most("hot swap, exit code", self.exit_code, 0),
            at_most("hot swap, growth of memory in %", abs(self.memory_growth) * 100, 5),
        )


class CameraSet(StrictModel):
    """Some cameras on one process; CPU is of the node."""

    cameras: int
    rate_hz: float
    in_step: bool
    published: int
    results: int
    cpu_percent: float
    age_ms: Ages
    rounds_cpu_percent: tuple[float, ...]


class Cameras(Part):
    """One camera against four that bring as many frames, and what each one more costs."""

    name: ClassVar[str] = "cameras"
    sets: tuple[CameraSet, ...]

    @property
    def ratio(self) -> float:
        """CPU of four cameras by that of one with four times their rate: median of the rounds."""
        one, four = self._set(1, 20.0), self._set(4, 5.0)
        pairs = zip(four.rounds_cpu_percent, one.rounds_cpu_percent, strict=True)
        return statistics.median(many / single for many, single in pairs)

    @property
    def added_cpu_percent(self) -> float:
        """What each added camera of 5 frames per second costs: slope over one to four."""
        few = [self._set(count, 5.0) for count in (1, 2, 3, 4)]
        slope = np.polyfit([one.cameras for one in few], [one.cpu_percent for one in few], 1)[0]
        return float(slope)

    @property
    def goals(self) -> tuple[Goal, ...]:
        """Many cameras cost no more than one."""
        return (at_most("CPU of 4 cameras at 5 fps / 1 camera at 20 fps", self.ratio, 1.1),)

    def _set(self, cameras: int, rate_hz: float) -> CameraSet:
        return next(
            one
            for one in self.sets
            if (one.cameras, one.rate_hz, one.in_step) == (cameras, rate_hz, False)
        )


class FaultCount(StrictModel):
    """How often a fault was injected, how often diagnostics told of it, and how late at most."""

    injected: int
    visible: int
    slowest_s: float | None


class Soak(Part):
    """A fault every second, for long."""

    name: ClassVar[str] = "soak"
    faults: dict[str, FaultCount]
    published: int
    results: int
    longest_gap_s: float
    memory_mb: tuple[float, ...]
    memory_growth: float
    running: bool
    tracebacks: int
    exit_code: int

    @property
    def goals(self) -> tuple[Goal, ...]:
        """No crash, no memory, nothing unseen."""
        crashes = int(not self.running or self.exit_code != 0)
        injected = sum(one.injected for one in self.faults.values())
        visible = sum(one.visible for one in self.faults.values())
        return (
            at_most("soak, crashes and tracebacks", crashes + self.tracebacks, 0),
            at_most("soak, growth of memory in %", self.memory_growth * 100, 5),
            Goal(
                "soak, faults visible in diagnostics",
                f"{injected} of {injected}",
                str(visible),
                visible == injected,
            ),
        )
