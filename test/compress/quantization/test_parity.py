"""The parity gate tells a good quantized file from a broken one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.passes.quantize import Quantize
from edge_compress.compress.progress import Silent
from edge_compress.compress.quantization.parity import Parity, measure_parity, sqnr_db
from edge_compress.vision.preprocess import preprocess


def test_sqnr_is_ten_decibels_for_a_tenth_of_the_power() -> None:
    signal = [np.array([3.0, 1.0], np.float32)]
    assert sqnr_db(signal, [np.array([3.0, 2.0], np.float32)]) == pytest.approx(10.0)


def test_sqnr_of_equal_and_of_broken_outputs() -> None:
    signal = [np.ones(4, np.float32)]
    assert sqnr_db(signal, signal) == float("inf")
    assert sqnr_db(signal, [np.full(4, np.nan, np.float32)]) == float("-inf")


LIMITS = {"min_sqnr_db": 0.0, "max_kernel_loss_db": 3.0}


def test_a_wrong_scale_fails_the_gate(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    path = Quantize(profiles=("ort-cpu",)).export(fp32, tmp_path, candidate, frames, Silent())[
        "ort-cpu"
    ]
    inputs = [preprocess(frame, candidate.input)[0] for frame in frames[:2]]
    assert measure_parity(fp32, path, inputs).fault("good.onnx", **LIMITS) is None

    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.name.endswith("_scale"):
            wrong = numpy_helper.to_array(tensor) * np.float32(20.0)
            tensor.CopyFrom(numpy_helper.from_array(wrong, tensor.name))
    broken = tmp_path / "broken.onnx"
    onnx.save(model, broken)
    fault = measure_parity(fp32, broken, inputs).fault("broken.onnx", **LIMITS)
    assert fault is not None
    assert fault.startswith("broken.onnx: quantization noise drowns the signal")


def test_kernels_that_compute_something_else_fail_the_gate() -> None:
    fault = Parity(27.5, 10.3).fault("m.onnx", **LIMITS)
    assert fault is not None
    assert "27.5 dB as written, 10.3 dB as run" in fault
    assert "reduce_range" in fault
    assert Parity(27.5, 27.4).fault("m.onnx", **LIMITS) is None


def test_nan_outputs_fail_the_gate() -> None:
    assert Parity(float("-inf"), float("-inf")).fault("m.onnx", **LIMITS) is not None
    assert Parity(20.0, float("-inf")).fault("m.onnx", **LIMITS) is not None
