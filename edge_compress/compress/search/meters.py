"""What a model file costs the target in time and energy, on one scale for all workers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from edge_compress.compress.energy import check_energy, energy_mj
from edge_compress.compress.latency import LatencyMeter, check_target
from edge_compress.compress.latency_model.of_target import latency_model
from edge_compress.compress.recipe_path import HOST
from edge_compress.compress.search.config import SearchConfig
from edge_compress.compress.search.study import Study
from edge_compress.compress.target import Target
from edge_compress.inference.device import device_name


class Costs(TypedDict):
    """Figures of `CandidateFigures`; what is not known is None."""

    latency_ms: float | None
    latency_predicted_ms: float | None
    energy_mj: float | None


@dataclass(frozen=True)
class Meters:
    """Tells costs of model files.

    Attributes:
        target: of the search.
        device: the machine whose latency counts.
        counted: tells the latency that counts.
        beside: where a table of this very machine predicts: measures too, so that the prediction
            can be judged.
        energy: whether energy is wanted.
    """

    target: Target
    device: str
    counted: LatencyMeter
    beside: LatencyMeter | None
    energy: bool

    @classmethod
    def of(cls, yardstick: Path, target: Target, study: Study, *, energy: bool) -> Meters:
        """Measure or predict the yardstick, unless another worker of this machine has done so.

        Raises:
            EdgeCompressError: when the yardstick or the device table cannot be used.
        """
        model = latency_model(target)
        here = device_name()
        if model is None:
            return cls(target, here, _measuring(yardstick, target, study), None, energy)
        host = target.model_copy(update={"device": HOST})
        own = model.table.device == here
        beside = _measuring(yardstick, host, study) if own else None
        return cls(target, model.table.device, LatencyMeter(yardstick, target), beside, energy)

    def costs(self, file: Path) -> Costs:
        """What one file costs.

        Raises:
            EdgeCompressError: when it cannot be loaded or the power meter has gone.
        """
        counted = self.counted.of(file)
        measured = self.beside.of(file).ms if self.beside is not None else None
        return Costs(
            latency_ms=measured if counted.predicted else counted.ms,
            latency_predicted_ms=counted.ms if counted.predicted else None,
            energy_mj=energy_mj(file, self.target) if self.energy else None,
        )

    def original(self, file: Path) -> Costs:
        """What the yardstick itself costs."""
        measured = self.beside.original_ms if self.beside is not None else None
        counted = self.counted
        return Costs(
            latency_ms=measured if counted.predicted else counted.original_ms,
            latency_predicted_ms=counted.original_ms if counted.predicted else None,
            energy_mj=energy_mj(file, self.target) if self.energy else None,
        )


def wants_energy(config: SearchConfig, target: Target) -> bool:
    """Whether energy is an objective or has a limit."""
    return "energy" in config.objectives or target.budget.energy_mj is not None


def check_meters(config: SearchConfig, target: Target) -> None:
    """See before any work that what is asked for can be measured here.

    Raises:
        DeviceTableError: the target's device table cannot be used.
        EnergyError: energy is asked for, and there is no power meter that can be read.
    """
    check_target(target)
    if wants_energy(config, target):
        check_energy(target)


def _measuring(yardstick: Path, target: Target, study: Study) -> LatencyMeter:
    key = f"original_ms on {device_name()}"
    known = study.remembered(key)
    told = float(known) if isinstance(known, int | float) else None
    meter = LatencyMeter(yardstick, target, original_ms=told)
    if told is None:
        study.remember(key, meter.original_ms)
    return meter
