"""What all parts of the benchmark leave behind."""

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


def growth(samples: Sequence[float]) -> float:
    """How much the last fifth of some samples is above the first, as a share of that.

    The first tenth is left out: what is loaded, cached and first used then is no growth.
    """
    steady = samples[len(samples) // 10 :]
    fifth = max(1, len(steady) // 5)
    first, last = statistics.median(steady[:fifth]), statistics.median(steady[-fifth:])
    return last / first - 1


def at_most(what: str, value: int | float, bound: float) -> Goal:
    """A bound that is not to be exceeded."""
    shown = f"{value:.2f}" if isinstance(value, float) else str(value)
    return Goal(what, f"at most {bound:g}", shown, value <= bound)
