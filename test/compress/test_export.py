"""What is exported computes what torch computes, in one file that runs as fast as the original."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from torch import nn

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress import parity
from edge_compress.compress.export import OPSET, ExportError, export, export_fp32
from edge_compress.compress.footage import Frames, open_footage
from edge_compress.compress.models import load_model
from edge_compress.compress.parity import ParityError, check_parity
from edge_compress.compress.recipe import FramesConfig, ModelConfig
from edge_compress.compress.rename import rename_values
from edge_compress.inference.onnxruntime_session import OrtSession


@pytest.fixture
def frames(images):
    config = FramesConfig(frames=images, learn={"count": 6}, held_out={"start": 6, "count": 6})
    return open_footage(config)[0]


@pytest.fixture
def candidate(tiny):
    config = ModelConfig(
        source="tiny_detector:tiny",
        labels=("cat", "dog"),
        input=InputSpec(name="camera", height=64, width=64),
        head={"kind": "yolox", "strides": [8]},
    )
    return replace(load_model(config, "detection"), output_names=("boxes",))


def test_names_size_and_a_batch_of_one_are_kept(candidate, frames, tmp_path):
    files = export(candidate.with_input(32, 96), tmp_path / "out", frames)
    assert list(files) == ["fp32"]
    session = OrtSession(files["fp32"])
    assert session.input_name == "camera"
    assert session.input_shape == (1, 3, 32, 96)
    assert session.output_names == ("boxes",)


@pytest.mark.parametrize("name", ["1105", "out:0", "model/head.1", "value_0", "images"])
def test_names_that_other_tools_gave_are_kept(candidate, frames, tmp_path, name):
    named = replace(candidate, output_names=(name,))
    assert OrtSession(export(named, tmp_path / "out", frames)["fp32"]).output_names == (name,)


def test_everything_is_in_one_file_of_an_opset_that_old_boards_read(candidate, frames, tmp_path):
    path = export(candidate, tmp_path / "out", frames)["fp32"]
    assert [p.name for p in path.parent.iterdir()] == ["model.fp32.onnx"]
    assert onnx.load(path).opset_import[0].version == OPSET


def test_an_export_says_nothing(candidate, frames, tmp_path, capfd, recwarn):
    export(candidate, tmp_path / "out", frames)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


@pytest.mark.slow
def test_yolox_nano_comes_back_node_for_node(yolox_onnx, vtest_video, tmp_path):
    """The same operators as the original file, so that it cannot be slower either."""
    config = ModelConfig(
        source=str(yolox_onnx),
        labels="coco",
        input=InputSpec(height=416, width=416, color="bgr", anchor="top_left"),
        head={"kind": "yolox"},
    )
    candidate = load_model(config, "detection")
    data = FramesConfig(frames=vtest_video, learn={"count": 2}, held_out={"start": 9, "count": 1})
    frames, _ = open_footage(data)
    path = export(candidate, tmp_path, frames)["fp32"]

    def operators(file):
        kinds = [node.op_type for node in onnx.load(file).graph.node]
        return sorted(kind for kind in kinds if kind not in ("Constant", "Slice"))

    assert operators(path) == operators(yolox_onnx)
    assert path.stat().st_size < 1.01 * yolox_onnx.stat().st_size
    result = check_parity(candidate, path, frames)
    assert result.agreement == 1.0
    assert result.max_difference < 1e-3
    again = load_model(config.model_copy(update={"source": str(path)}), "detection")
    assert len(list(again.module.parameters())) == len(list(candidate.module.parameters()))


def test_a_file_of_other_weights_fails_the_gate_with_figures(candidate, frames, tmp_path):
    path = tmp_path / "model.onnx"
    export_fp32(candidate, path)
    with torch.no_grad():
        candidate.module.module.head.weight += 0.01
    with pytest.raises(
        ParityError, match=r"model\.onnx.*largest difference .*e-0\d.*mean"
    ) as caught:
        check_parity(candidate, path, frames)
    assert "detections agree to" in str(caught.value)


class Counts(nn.Module):
    """Adds how often it was called: tracing freezes that, so torch and the file differ."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.calls = 0

    def forward(self, images):
        self.calls += 1
        return tuple(value + self.calls for value in self.inner(images))


def test_a_module_that_tracing_misreads_fails_the_gate(candidate, frames, tmp_path):
    with pytest.raises(ParityError):
        export(candidate.with_module(Counts(candidate.module)), tmp_path, frames)


class NotANumber(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images):
        return tuple(value / 0 * 0 for value in self.inner(images))


def test_nan_is_no_parity(candidate, frames, tmp_path):
    from edge_compress.vision.heads import ModelOutputError

    with pytest.raises((ParityError, ModelOutputError)):
        export(candidate.with_module(NotANumber(candidate.module)), tmp_path, frames)


class Unexportable(nn.Module):
    def forward(self, images):
        return (torch.linalg.svd(images)[1],)


def test_what_torch_cannot_export_is_one_line(candidate, frames, tmp_path):
    with pytest.raises(ExportError) as caught:
        export(candidate.with_module(Unexportable()), tmp_path, frames)
    assert "svd" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_gate_looks_at_frames_from_all_over(candidate, tmp_path):
    """Only a bright frame shows this difference; it is the last of many dark ones."""

    class Bright(nn.Module):
        def __init__(self, inner, extra):
            super().__init__()
            self.inner, self.extra = inner, extra

        def forward(self, images):
            late = torch.relu(images.mean() - 100)
            return tuple(value + self.extra * late for value in self.inner(images))

    path = tmp_path / "model.onnx"
    export_fp32(candidate.with_module(Bright(candidate.module, 0.0)), path)
    images = [np.zeros((64, 64, 3), np.uint8)] * (parity.FRAMES * 3)
    images[-3:] = [np.full((64, 64, 3), 250, np.uint8)] * 3
    frames = Frames.of(images)
    changed = candidate.with_module(Bright(candidate.module, 0.01))
    with pytest.raises(ParityError):
        check_parity(changed, path, frames)


def test_quantized_variants_come_with_the_float_one(candidate, frames, tmp_path):
    from edge_compress.compress.passes.quantize import Quantize

    files = export(replace(candidate, quantization=Quantize(frames=4)), tmp_path, frames)
    assert set(files) == {"fp32", "ort-cpu", "tensorrt"}
    assert all(path.is_file() for path in files.values())


def test_a_name_that_is_taken_inside_the_graph_makes_room():
    value = [onnx.helper.make_tensor_value_info(n, 1, [1]) for n in ("value_0", "value_1")]
    nodes = [
        onnx.helper.make_node("Abs", ["value_0"], ["55"]),
        onnx.helper.make_node("Neg", ["55"], ["value_1"]),
    ]
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", value[:1], value[1:]))
    rename_values(model, {"value_0": "x", "value_1": "55"})
    onnx.checker.check_model(model)
    session = ReferenceEvaluator(model)
    assert (session.input_names, session.output_names) == (["x"], ["55"])
    assert session.run(None, {"x": np.array([-2], np.float32)})[0] == -2
