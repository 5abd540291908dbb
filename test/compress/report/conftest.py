"""A run as it would be recorded: one pass kept, one rolled back, one that could not be done."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_compress.bundle.schema import LatencyStats, Measurement, Variant
from edge_compress.compress.record import (
    Boxes,
    Latencies,
    LayerRow,
    PassOutcome,
    RunRecord,
    Sample,
)
from edge_compress.compress.target import Budget, Target


def measured(size: int, params: int, macs: int, p50: float, ap50: float | None) -> Measurement:
    latency = LatencyStats(
        p50=p50, p90=p50 * 1.1, p99=p50 * 1.3, runs=50, threads=1, provider="cpu", device="Some CPU"
    )
    return Measurement(
        size_bytes=size, params=params, macs=macs, latency_ms=latency, agreement_ap50=ap50
    )


@pytest.fixture
def record() -> RunRecord:
    original = measured(3_662_429, 913_000, 531_000_000, 20.5, 1.0)
    pruned = measured(868_000, 212_000, 174_000_000, 7.9, 0.912)
    quantized = measured(301_000, 212_000, 174_000_000, 8.8, 0.893)
    rng = np.random.default_rng(0)
    photo = cv2.GaussianBlur(rng.integers(0, 256, (576, 768, 3), dtype=np.uint8), (0, 0), 9)
    box = Boxes(boxes=((100, 80, 180, 300),), scores=(0.91,), names=("person",))
    nothing = Boxes(boxes=(), scores=(), names=())
    jpeg = cv2.imencode(".jpg", photo)[1].tobytes()
    return RunRecord(
        recipe="yolox-nano-square",
        task="detection",
        target=Target(budget=Budget(max_drop=0.1, latency_ms=5.0, size_mb=1.0)),
        frames="vtest.avi",
        frames_learn=400,
        frames_held_out=300,
        original=original,
        final=pruned,
        outcomes=(
            PassOutcome(
                name="prune", kept=True, why="faster and within the budget", before=original,
                after=pruned, latency_ratio=0.385, seconds=312.0, settings="ratio=0.5",
            ),
            PassOutcome(
                name="quantize", kept=False, why="slower on the target: p50 1.11 times",
                before=pruned, after=quantized, latency_ratio=1.11, seconds=40.0,
            ),
            PassOutcome(
                name="distill", kept=False, why="the loss <became> NaN & stayed so",
                before=pruned, after=None, seconds=3.0,
            ),
        ),
        variants=(
            Variant(
                file="model.fp32.onnx", profile="fp32", precision="fp32", sha256="0" * 64,
                measured=pruned,
            ),
        ),
        warnings=("the budget of 5 ms is not met",),
        layers_before=(
            LayerRow(name="stem.conv", kind="Conv2d", params=432, macs=18_700_000,
                     output_shape=(1, 16, 208, 208)),
            LayerRow(name="gone.conv", kind="Conv2d", params=64, macs=1000,
                     output_shape=(1, 8, 52, 52)),
        ),
        layers_after=(
            LayerRow(name="stem.conv", kind="Conv2d", params=216, macs=9_350_000,
                     output_shape=(1, 8, 160, 208)),
            LayerRow(name="new.conv", kind="Conv2d", params=32, macs=500,
                     output_shape=(1, 4, 52, 52)),
        ),
        latencies_ms=Latencies(
            original=tuple(rng.normal(20.5, 0.6, 80).tolist()),
            compressed=(*rng.normal(7.9, 0.3, 79).tolist(), 95.0),
        ),
        samples=(
            Sample(frame=512, jpeg=jpeg, original=box, compressed=nothing),
            Sample(frame=640, jpeg=jpeg, original=nothing, compressed=box),
        ),
        per_class_ap50={"person": 0.912},
        device="Some CPU",
        seed=7,
        created="2026-01-02T03:04:05+00:00",
        libraries={"torch": "2.14.1", "onnxruntime": "1.31.1"},
    )  # fmt: skip
