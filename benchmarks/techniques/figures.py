"""The figures of one run, as they are committed."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from edge_compress.bundle.schema import Measurement, StrictModel
from edge_compress.compress.record import RunRecord
from edge_compress.inference.device import device_name

DIGITS = 4  # after the point: more would only make diffs


class PassFigures(StrictModel):
    """What became of one pass."""

    name: str
    kept: bool
    why: str
    quality: float | None
    latency_ratio: float | None
    seconds: float


class ModelFigures(StrictModel):
    """What is known of one model."""

    quality: float
    params: int
    macs: int
    size_bytes: int
    p50_ms: float | None = None


class Result(StrictModel):
    """One run: an experiment with a seed."""

    experiment: str
    seed: int
    key: str
    kind: Literal["accuracy", "agreement"]
    original: ModelFigures
    final: ModelFigures
    passes: tuple[PassFigures, ...] = ()
    seconds: float
    libraries: dict[str, str]
    device: str


def model_figures(measured: Measurement) -> ModelFigures:
    """The part of a measurement that the tables need."""
    if measured.quality is None:
        raise ValueError("a run measures accuracy or agreement")
    return ModelFigures(
        quality=measured.quality,
        params=measured.params,
        macs=measured.macs,
        size_bytes=measured.size_bytes,
        p50_ms=round(measured.latency_ms.p50, DIGITS) if measured.latency_ms else None,
    )


def result_of(record: RunRecord, experiment: str, key: str, seconds: float) -> Result:
    """The figures of a run of our own."""
    return Result(
        experiment=experiment,
        seed=record.seed,
        key=key,
        kind="agreement" if record.final.accuracy is None else "accuracy",
        original=model_figures(record.original),
        final=model_figures(record.final),
        passes=tuple(
            PassFigures(
                name=outcome.name,
                kept=outcome.kept,
                why=outcome.why,
                quality=outcome.after.quality if outcome.after else None,
                latency_ratio=_rounded(outcome.latency_ratio),
                seconds=round(outcome.seconds, 1),
            )
            for outcome in record.outcomes
        ),
        seconds=round(seconds, 1),
        libraries=record.libraries,
        device=record.device,
    )


def read(path: Path) -> Result | None:
    """A run's figures; None when it has not been run, or by an older format."""
    try:
        return Result.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def write(path: Path, result: Result) -> None:
    """Write a run's figures, wholly or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_suffix(f".{os.getpid()}")
    making.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")
    making.replace(path)


def versions(*names: str) -> dict[str, str]:
    """Versions of packages of this environment."""
    return {"python": platform.python_version(), **{n: metadata.version(n) for n in names}}


def machine() -> str:
    """What the run was on."""
    return device_name()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
