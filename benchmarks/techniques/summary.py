"""Means and spreads over the seeds of one experiment."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cached_property

from benchmarks.techniques import latency
from benchmarks.techniques.experiment import Experiment
from benchmarks.techniques.figures import Result, read


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation (of a sample) over seeds; 0 for one seed."""

    mean: float
    deviation: float
    seeds: int

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Of at least one value."""
        deviation = statistics.stdev(values) if len(values) > 1 else 0.0
        return cls(statistics.fmean(values), deviation, len(values))

    def show(self, digits: int, factor: float = 1.0, unit: str = "") -> str:
        """For a table; a spread that rounds to nothing is left out."""
        shown = f"{self.mean * factor:.{digits}f}{unit}"
        spread = f"{self.deviation * factor:.{digits}f}"
        return shown if float(spread) == 0 else f"{shown} ± {spread}"


class Summary:
    """All seeds of one experiment that have been run."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        found = (read(experiment.result(seed)) for seed in experiment.seeds)
        self.results: list[Result] = [result for result in found if result is not None]

    def __bool__(self) -> bool:
        return bool(self.results)

    @cached_property
    def quality(self) -> Spread:
        """Accuracy or agreement, 0-1."""
        return Spread.of([result.final.quality for result in self.results])

    @cached_property
    def drop(self) -> Spread:
        """What was lost of the original's, 0-1; below 0 is a gain."""
        return Spread.of([r.original.quality - r.final.quality for r in self.results])

    @cached_property
    def params(self) -> Spread:
        """Parameters, zeros among them."""
        return Spread.of([float(result.final.params) for result in self.results])

    @cached_property
    def macs(self) -> Spread:
        """Multiply-accumulates for one frame."""
        return Spread.of([float(result.final.macs) for result in self.results])

    @cached_property
    def size(self) -> Spread:
        """Bytes of the model file."""
        return Spread.of([float(result.final.size_bytes) for result in self.results])

    @cached_property
    def smaller(self) -> Spread:
        """The original's file by this one's."""
        return Spread.of([r.original.size_bytes / r.final.size_bytes for r in self.results])

    @cached_property
    def latency(self) -> Spread | None:
        """Latency by the original's; None before it is measured."""
        known = latency.read(self.experiment.subject)
        ratios = known.ratios.get(self.experiment.name, {}) if known else {}
        values = [ratios[result.seed] for result in self.results if result.seed in ratios]
        return Spread.of(values) if values else None

    @cached_property
    def own_latency(self) -> Spread | None:
        """The same as each run has measured it itself, whatever else the machine did meanwhile."""
        values = [
            result.final.p50_ms / result.original.p50_ms
            for result in self.results
            if result.final.p50_ms and result.original.p50_ms
        ]
        return Spread.of(values) if values else None

    @property
    def rolled_back(self) -> list[str]:
        """What was not kept and why, in the first run where that happened."""
        for result in self.results:
            if told := [f"`{p.name}` {p.why}" for p in result.passes if not p.kept]:
                return told
        return []
