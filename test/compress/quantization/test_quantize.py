"""The quantize pass: what it writes, what it leaves float, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, numpy_helper
from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export_fp32
from edge_compress.compress.footage import Frames
from edge_compress.compress.pass_base import Context, PassFailed
from edge_compress.compress.passes.quantize import Quantize
from edge_compress.compress.progress import Cancelled, Silent
from edge_compress.compress.quantization.calibration import Method
from edge_compress.compress.quantization.error import QuantizationError
from edge_compress.compress.quantization.parity import measure_parity
from edge_compress.compress.target import Target
from edge_compress.compress.training.teacher import Teacher
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.vision.preprocess import preprocess

T = TypeVar("T")


def context(original: Candidate, frames: Frames) -> Context:
    return Context(Teacher(original, frames, Silent()), frames, frames, Target(), 0, Silent())


def convolutions(path: Path) -> dict[str, tuple[NodeProto, bool]]:
    """Each convolution by name, and whether its weights come out of a DequantizeLinear."""
    graph = onnx.load(path).graph
    made_by = {node.output[0]: node.op_type for node in graph.node}
    return {
        node.name.split("/")[1]: (node, made_by.get(node.input[1]) == "DequantizeLinear")
        for node in graph.node
        if node.op_type == "Conv"
    }


def in_int8(path: Path) -> set[str]:
    return {name for name, (_, quantized) in convolutions(path).items() if quantized}


def weights(path: Path, name: str) -> np.ndarray:
    graph = onnx.load(path).graph
    made_by = {node.output[0]: node for node in graph.node}
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return tensors[made_by[convolutions(path)[name][0].input[1]].input[0]]


def test_run_only_plans(candidate: Candidate, frames: Frames) -> None:
    quantize = Quantize(frames=3)
    planned = quantize.run(candidate, context(candidate, frames))
    assert planned.quantization is quantize
    assert planned.module is candidate.module
    assert candidate.quantization is None


def test_no_frames_are_told_before_any_work(candidate: Candidate, frames: Frames) -> None:
    with pytest.raises(QuantizationError, match="quantize: there are no frames to calibrate"):
        Quantize().check(candidate, context(candidate, frames.subset([])))


def test_a_pattern_that_fits_nothing_is_told_by_the_check(
    candidate: Candidate, frames: Frames
) -> None:
    known = context(candidate, frames)
    with pytest.raises(QuantizationError, match=r"'backbone\.\*' fits no node.*stem"):
        Quantize(exclude=("*dense*", "backbone.*")).check(candidate, known)
    Quantize(exclude=("*dense*",)).check(candidate, known)


def test_run_fails_on_a_model_without_weights(candidate: Candidate, frames: Frames) -> None:
    bare = replace(candidate, module=nn.Identity())
    with pytest.raises(PassFailed, match="no convolution"):
        Quantize().run(bare, context(bare, frames))


def test_both_variants_stay_close_to_the_float_model(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    files = Quantize().export(fp32, tmp_path, candidate, frames, Silent())
    assert {profile: path.name for profile, path in files.items()} == {
        "ort-cpu": "model.ort-cpu.int8.onnx",
        "tensorrt": "model.tensorrt.int8.onnx",
    }
    tensor = preprocess(frames[0], candidate.input)[0]
    exact = OrtSession(fp32).run(tensor)[0]
    for path in files.values():
        near = OrtSession(path).run(tensor)[0]
        assert near.shape == exact.shape
        assert 0 < np.abs(near - exact).max() < 0.05 * np.abs(exact).max()
    assert {path.name for path in tmp_path.iterdir()} == {
        "model.fp32.onnx", "model.ort-cpu.int8.onnx", "model.tensorrt.int8.onnx"
    }  # fmt: skip


def test_ort_cpu_has_u8_activations_and_s8_weights(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    path = Quantize(profiles=("ort-cpu",)).export(fp32, tmp_path, candidate, frames, Silent())[
        "ort-cpu"
    ]
    graph = onnx.load(path).graph
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    quantizers = [node for node in graph.node if node.op_type == "QuantizeLinear"]
    assert quantizers
    assert {types[node.input[2]] for node in quantizers} == {TensorProto.UINT8}
    assert weights(path, "dense").dtype == np.int8


def test_head_and_predictions_stay_float(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    files = Quantize(float_below_db=None).export(fp32, tmp_path, candidate, frames, Silent())
    assert in_int8(files["ort-cpu"]) == {"stem", "depthwise", "pointwise", "dense"}
    assert in_int8(files["tensorrt"]) == {"stem", "depthwise", "pointwise", "dense"}
    everything = Quantize(float_below_db=None, float_predictions=False)
    files = everything.export(fp32, tmp_path, candidate, frames, Silent())
    assert in_int8(files["ort-cpu"]) == set(convolutions(fp32))
    # Even so, nothing between the predictions and the output is quantized.
    graph = onnx.load(files["ort-cpu"]).graph
    made_by = {node.output[0]: node for node in graph.node}
    pending, decode = [graph.output[0].name], []
    while pending:
        node = made_by.get(pending.pop())
        if node is not None and node.op_type not in ("Conv", "DequantizeLinear"):
            decode.append(node.op_type)
            pending.extend(node.input)
    assert "Sigmoid" in decode
    assert "QuantizeLinear" not in decode


def test_tensorrt_file_is_one_that_its_parser_takes(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    path = Quantize(profiles=("tensorrt",)).export(fp32, tmp_path, candidate, frames, Silent())[
        "tensorrt"
    ]
    graph = onnx.load(path).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    consumers: dict[str, list[str]] = {}
    for node in graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node.op_type)
    made_by = {node.output[0]: node for node in graph.node}
    for node in graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            zero_point = tensors[node.input[2]]
            assert zero_point.dtype == np.int8
            assert not zero_point.any()
        if node.op_type == "DequantizeLinear":
            assert made_by[node.input[0]].op_type == "QuantizeLinear"
            assert consumers[node.output[0]].count("Conv") == 1  # a pair for each input
    conv, quantized = convolutions(path)["dense"]
    assert quantized
    assert conv.input[2] in tensors  # the bias stays float
    assert tensors[made_by[conv.input[1]].input[1]].shape == (32,)  # a scale for each channel


def test_reduced_range_keeps_weights_in_seven_bits(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    largest = {}
    for reduce_range in (True, False):
        quantize = Quantize(profiles=("ort-cpu",), reduce_range=reduce_range)
        files = quantize.export(fp32, tmp_path, candidate, frames, Silent())
        largest[reduce_range] = np.abs(weights(files["ort-cpu"], "dense").astype(int)).max()
    assert largest[True] <= 64
    assert largest[False] > 120


def test_excluded_nodes_stay_float(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    quantize = Quantize(profiles=("ort-cpu",), exclude=("*dense*",), float_below_db=None)
    files = quantize.export(fp32, tmp_path, candidate, frames, Silent())
    assert in_int8(files["ort-cpu"]) == {"stem", "depthwise", "pointwise"}


def test_a_pattern_that_fits_nothing_is_told_before_any_work(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    class Working(Silent):
        def track(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
            raise AssertionError(f"{what} was begun")

    quantize = Quantize(exclude=("*dense*", "backbone.*"))
    with pytest.raises(QuantizationError, match=r"'backbone\.\*' fits no node.*stem"):
        quantize.export(fp32, tmp_path, candidate, frames, Working())


def test_a_layer_that_cannot_bear_eight_bits_stays_float(
    candidate: Candidate, frames: Frames, tmp_path: Path, fp32: Path
) -> None:
    # One channel of the depthwise layer is 10,000 times the others, and what follows ignores it:
    # in 8 bits of one shared scale, nothing is left of the others.
    module = candidate.module
    module.depthwise.weight.data[0] *= 1e4
    module.pointwise.weight.data[:, 0] = 0.0
    export_fp32(candidate, fp32)
    searched = Quantize(profiles=("ort-cpu",), float_below_db=50.0)
    blind = Quantize(profiles=("ort-cpu",), float_below_db=None)
    files = searched.export(fp32, tmp_path, candidate, frames, Silent())
    assert in_int8(files["ort-cpu"]) == {"stem", "dense"}  # neither sees the large channel
    files = blind.export(fp32, tmp_path, candidate, frames, Silent())
    assert in_int8(files["ort-cpu"]) == {"stem", "depthwise", "pointwise", "dense"}


@pytest.mark.parametrize("method", ["minmax", "mean_minmax", "percentile", "entropy", "mse"])
def test_every_calibration_method_gives_a_usable_file(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path, method: Method
) -> None:
    quantize = Quantize(profiles=("ort-cpu",), method=method, frames=4, float_below_db=None)
    path = quantize.export(fp32, tmp_path, candidate, frames, Silent())["ort-cpu"]
    inputs = [preprocess(frames[i], candidate.input)[0] for i in (1, 5)]
    assert measure_parity(fp32, path, inputs).as_run > 15.0


def test_noise_above_the_limit_fails_the_pass(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    with pytest.raises(PassFailed, match=r"noise drowns the signal.*200 dB"):
        Quantize(min_sqnr_db=200.0).export(fp32, tmp_path, candidate, frames, Silent())


def test_nothing_left_to_quantize_fails_the_pass(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    with pytest.raises(PassFailed, match="no layer is left"):
        Quantize(exclude=("*",)).export(fp32, tmp_path, candidate, frames, Silent())


def test_cancelling_leaves_no_file(
    candidate: Candidate, frames: Frames, fp32: Path, tmp_path: Path
) -> None:
    class Impatient(Silent):
        def track(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
            for count, item in enumerate(items):
                if count == 2:
                    raise Cancelled
                yield item

    with pytest.raises(Cancelled):
        Quantize().export(fp32, tmp_path, candidate, frames, Impatient())
    assert list(tmp_path.iterdir()) == [fp32]
