"""What each part leaves behind, and which goals that reaches."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from edge_compress.bundle.schema import StrictModel
from edge_compress.inference.device import device_name

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / "results" / "runtime"
NODE, TUTORIAL, YOLOX_ROS = "edge_compress", "tutorial", "YOLOX-ROS"


class Goal(NamedTuple):
    """One bound; `reached` is None where it was not measured."""

    what: str
    asked: str
    measured: str
    reached: bool | None


class Machine(StrictModel):
    """Where it was measured."""

    device: str
    cores: int
    transports: str
    libraries: dict[str, str]


class Ages(StrictModel):
    """Stamp to publish, in milliseconds."""

    p50: float
    p90: float
    p99: float
    most: float

    @classmethod
    def of(cls, ages_ms: Sequence[float]) -> Ages:
        """Summarise at least one."""
        p50, p90, p99, most = np.percentile(ages_ms, (50, 90, 99, 100)).tolist()
        return cls(p50=p50, p90=p90, p99=p99, most=most)


class Part(StrictModel):
    """One part of the benchmark, written to a file of its own."""

    name: ClassVar[str]
    machine: Machine
    seconds: float

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The bounds that were set."""
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        """Write the figures."""
        folder.mkdir(parents=True, exist_ok=True)
        text = self.model_dump_json(indent=1) + "\n"
        (folder / f"{self.name}.json").write_text(text, encoding="utf-8")


class Condition(StrictModel):
    """What the camera does; `bare_p50_ms` is bare inference in each round.

    It runs at `bare_rate_hz`, since a core that idles between frames is slower; 0 is back to back.
    """

    title: str
    width: int
    height: int
    rate_hz: float
    bare_rate_hz: float = 0.0
    bound: float = 0.0
    bare_p50_ms: tuple[float, ...] = ()


class Measured(StrictModel):
    """One node under one condition; `rounds_p50_ms` are of each turn.

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
        if found is None or not condition.bare_p50_ms:
            return []
        pairs = zip(found.rounds_p50_ms, condition.bare_p50_ms, strict=True)
        return [node / bare for node, bare in pairs]


class Overhead(Comparison):
    """What the node costs beyond bare inference."""

    name: ClassVar[str] = "overhead"
    startup_s: float

    @property
    def goals(self) -> tuple[Goal, ...]:
        """One for each condition."""
        return tuple(
            _at_most(
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
            found.append(_at_most(what, ours.age_ms.p99 / tutorial.age_ms.p99, 0.6))
        return tuple(found)


class Overload(Part):
    """Twice the rate that can be inferred; `drops` by cause, `tenths_p99_ms` of each tenth."""

    name: ClassVar[str] = "overload"
    rate_hz: float
    bare_p50_ms: float
    infer_p50_ms: float
    infer_p99_ms: float
    published: int
    processed: int
    results: int
    drops: dict[str, int]
    age_ms: Ages
    tenths_p99_ms: tuple[float, ...]
    within_bound: float

    @property
    def bound_ms(self) -> float:
        """Two periods of the camera and an inference, at its p99."""
        return 2000 / self.rate_hz + self.infer_p99_ms

    @property
    def unaccounted(self) -> int:
        """Frames that were published but neither processed nor counted as dropped."""
        return self.published - self.processed - sum(self.drops.values())

    @property
    def goals(self) -> tuple[Goal, ...]:
        """No queue, and exact counts."""
        asked = f"at most {self.bound_ms:.1f} ms (2 periods + inference p99)"
        worst = max(self.tenths_p99_ms)
        return (
            Goal(
                "overload x 2, age p99 in the worst tenth of the run",
                asked,
                f"{worst:.1f} ms",
                worst <= self.bound_ms,
            ),
            _at_most("overload x 2, frames not accounted for", abs(self.unaccounted), 0),
            _at_most("overload x 2, results not counted", abs(self.results - self.processed), 0),
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
            _at_most("hot swap, longest gap in frame periods", self.longest_gap, 2),
            _at_most("hot swap, swaps that failed", self.wanted - self.swaps, 0),
            _at_most("hot swap, exit code", self.exit_code, 0),
            _at_most("hot swap, growth of memory in %", abs(self.memory_growth) * 100, 5),
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
        return (_at_most("CPU of 4 cameras at 5 fps / 1 camera at 20 fps", self.ratio, 1.1),)

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
            _at_most("soak, crashes and tracebacks", crashes + self.tracebacks, 0),
            _at_most("soak, growth of memory in %", self.memory_growth * 100, 5),
            Goal(
                "soak, faults visible in diagnostics",
                f"{injected} of {injected}",
                str(visible),
                visible == injected,
            ),
        )


PARTS: tuple[type[Part], ...] = (Overhead, Peers, Overload, Swap, Cameras, Soak)


def this_machine() -> Machine:
    """The machine and the libraries that run here."""
    names = ("onnxruntime", "opencv-python-headless", "ros-kilted-rclpy", "numpy")
    installed = {d.name: d.version for d in metadata.distributions()}
    return Machine(
        device=device_name(),
        cores=os.cpu_count() or 1,
        transports=os.environ.get("FASTDDS_BUILTIN_TRANSPORTS", ""),
        libraries={name: installed[name] for name in names if name in installed},
    )


def load(folder: Path) -> dict[str, Part]:
    """Read what was measured, by part."""
    return {
        part.name: part.model_validate_json(path.read_text(encoding="utf-8"))
        for part in PARTS
        if (path := folder / f"{part.name}.json").exists()
    }


def growth(samples: Sequence[float]) -> float:
    """How much the last fifth of some samples is above the first, as a share of that.

    The first tenth is left out: what is loaded, cached and first used then is no growth.
    """
    steady = samples[len(samples) // 10 :]
    fifth = max(1, len(steady) // 5)
    first, last = statistics.median(steady[:fifth]), statistics.median(steady[-fifth:])
    return last / first - 1


def _at_most(what: str, value: float, bound: float) -> Goal:
    shown = f"{value:.2f}" if isinstance(value, float) else str(value)
    return Goal(what, f"at most {bound:g}", shown, value <= bound)
