"""The streaming histogram counts right in bounded memory, and chooses the range of least error."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.progress import Silent
from edge_compress.compress.quantization.calibration import Method, calibrate
from edge_compress.compress.quantization.error import QuantizationError
from edge_compress.compress.quantization.histogram import BINS, Histogram
from edge_compress.compress.quantization.prepare import prepare

RANDOM = np.random.default_rng(0)


def seen(*parts: np.ndarray) -> Histogram:
    histogram = Histogram()
    for part in parts:
        histogram.add(part.astype(np.float32))
    return histogram


def squared_error(values: np.ndarray, low: float, high: float, levels: int = 255) -> float:
    """Of real 8-bit quantization."""
    step = (high - low) / levels
    zero = np.rint(-low / step)
    codes = np.clip(np.rint(values / step) + zero, 0, levels)
    return float(np.square(values - (codes - zero) * step).sum())


def test_a_growing_range_keeps_every_count_in_its_place() -> None:
    parts = [RANDOM.normal(0, scale, 1000) for scale in (0.01, 3.0, 0.5, 80.0)]
    histogram = seen(*parts)
    whole = np.concatenate(parts).astype(np.float32)
    edges = np.linspace(-histogram.limit, histogram.limit, BINS + 1)
    assert np.array_equal(histogram.counts, np.histogram(whole, edges)[0])
    assert (histogram.lowest, histogram.highest) == (float(whole.min()), float(whole.max()))
    assert histogram.counts.shape == (BINS,)


def test_the_range_is_near_the_best_there_is() -> None:
    values = np.concatenate([RANDOM.normal(0, 1, 400_000), [60.0, -35.0]])
    low, high = seen(values).least_error_range(symmetric=False)
    assert -20 < low < -4
    assert 5 < high < 40
    ends = [(a, b) for a in np.linspace(-35, -5, 11) for b in np.linspace(6, 60, 10)]
    best = min(squared_error(values, *pair) for pair in ends)
    assert squared_error(values, low, high) < 1.1 * best
    assert squared_error(values, low, high) < 0.9 * squared_error(values, -35.0, 60.0)


def test_a_symmetric_range_is_chosen_for_its_own_levels() -> None:
    values = np.concatenate([np.abs(RANDOM.normal(0, 1, 400_000)), [60.0]])
    low, high = seen(values).least_error_range(symmetric=True)
    assert low == -high
    assert high < 40
    lowest, wider = seen(values).least_error_range(symmetric=False)
    assert lowest == 0.0
    assert wider > high  # with all levels on one side there is less to gain from clipping


def test_values_without_outliers_are_not_clipped() -> None:
    values = RANDOM.uniform(-2, 5, 50000)
    low, high = seen(values).least_error_range(symmetric=False)
    assert low == pytest.approx(-2, abs=0.06)
    assert high == pytest.approx(5, abs=0.15)


def test_zeros_and_nothing_at_all() -> None:
    assert seen(np.zeros(10)).least_error_range(symmetric=False) == (0.0, 0.0)
    assert seen(np.zeros(0)).least_error_range(symmetric=True) == (0.0, 0.0)
    mostly_zero = np.concatenate([np.zeros(100_000), RANDOM.uniform(0, 1, 1000)])
    assert seen(mostly_zero).least_error_range(symmetric=False)[1] > 0.9


def test_a_value_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        seen(np.array([1.0, np.nan]))


@pytest.mark.parametrize("method", ["mean_minmax", "percentile", "mse"])
def test_memory_does_not_grow_with_the_frames(
    candidate: Candidate, fp32: Path, method: Method
) -> None:
    import onnx

    model = prepare(onnx.load(fp32))
    image = RANDOM.integers(0, 256, (32, 48, 3), np.uint8)

    def peak(count: int) -> int:
        frames = Frames.of([image] * count)
        tracemalloc.start()
        try:
            calibrate(model, frames, candidate.input, Silent(), op_types=["Conv"], method=method)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2)  # imports
    activations = 4 * 16 * 24 * 100  # bytes of one frame's, more or less
    assert peak(60) - peak(4) < 5 * activations


def test_a_broken_model_is_told_with_the_activation(candidate: Candidate, fp32: Path) -> None:
    import onnx
    from onnx import numpy_helper

    model = prepare(onnx.load(fp32))
    weight = next(t for t in model.graph.initializer if "pointwise" in t.name or t.dims[:] == [16])
    broken = np.full(tuple(weight.dims), np.nan, np.float32)
    weight.CopyFrom(numpy_helper.from_array(broken, weight.name))
    frames = Frames.of([np.zeros((32, 48, 3), np.uint8)])
    with pytest.raises(QuantizationError, match="not finite"):
        calibrate(model, frames, candidate.input, Silent(), op_types=["Conv"], method="mse")
