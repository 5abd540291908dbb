"""The demo's figures as one file."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field

from edge_compress.bundle.schema import Measurement, StrictModel
from edge_compress.compress.record import RunRecord
from edge_compress.demo.flight import Flight


class ModelFigures(StrictModel):
    """One model, as measured here."""

    size_bytes: int
    params: int
    macs: int = Field(description="multiply-accumulates for one frame")
    latency_ms_p50: float
    threads: int


class PassFigures(StrictModel):
    """What became of one pass."""

    name: str
    kept: bool
    why: str


class Summary(Flight):
    """Everything that the demo measured."""

    original: ModelFigures
    compressed: ModelFigures
    speedup: float = Field(description="original / compressed p50, measured in turns")
    size_ratio: float = Field(description="original / compressed file size")
    agreement_ap50: float = Field(description="mean over `classes`, on held-out frames")
    agreement_ap50_per_class: dict[str, float]
    classes: tuple[str, ...] = Field(description="that the recipe keeps")
    passes: tuple[PassFigures, ...]
    bundle: str = Field(description="path relative to the repository")


def summarize(
    record: RunRecord, classes: tuple[str, ...], flight: Flight, bundle: Path, repository: Path
) -> Summary:
    """Put the run and the flight together."""
    original, compressed = _figures(record.original), _figures(record.final)
    return Summary(
        **flight.model_dump(),
        original=original,
        compressed=compressed,
        speedup=original.latency_ms_p50 / compressed.latency_ms_p50,
        size_ratio=original.size_bytes / compressed.size_bytes,
        agreement_ap50=record.final.agreement_ap50 or 0.0,
        agreement_ap50_per_class=record.per_class_ap50,
        classes=classes,
        passes=tuple(
            PassFigures(name=outcome.name, kept=outcome.kept, why=outcome.why)
            for outcome in record.outcomes
        ),
        bundle=Path(os.path.relpath(bundle, repository)).as_posix(),
    )


def _figures(measured: Measurement) -> ModelFigures:
    latency = measured.latency_ms
    if latency is None:
        raise ValueError("a run measures the latency of both models")
    return ModelFigures(
        size_bytes=measured.size_bytes,
        params=measured.params,
        macs=measured.macs,
        latency_ms_p50=latency.p50,
        threads=latency.threads,
    )
