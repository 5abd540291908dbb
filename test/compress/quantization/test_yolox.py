"""The real detector in fewer bits sees what it saw in float."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import onnx
import pytest
from onnx import TensorProto

from edge_compress.bundle.schema import InputSpec, YoloxHead
from edge_compress.compress.agreement import FOUND_SCORE, agreement_ap50
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export_fp32
from edge_compress.compress.footage import Frames, open_footage
from edge_compress.compress.models import load_model
from edge_compress.compress.passes.half_precision import HalfPrecision
from edge_compress.compress.passes.quantize import Quantize
from edge_compress.compress.progress import Silent
from edge_compress.compress.recipe import FrameRange, FramesConfig, ModelConfig
from edge_compress.inference.detector import Detector
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.vision.detections import Detections
from edge_compress.vision.thresholds import Thresholds


class Yolox(NamedTuple):
    """The detector, its float file, and what that sees."""

    candidate: Candidate
    fp32: Path
    learn: Frames
    held_out: Frames
    reference: list[Detections]

    def person_ap50(self, path: Path) -> float:
        found = seen(self.candidate, path, self.held_out, FOUND_SCORE)
        return agreement_ap50(self.reference, found).per_class["person"]


def seen(candidate: Candidate, model: Path, frames: Frames, confidence: float) -> list[Detections]:
    detector = Detector(
        OrtSession(model, threads=1),
        candidate.input,
        candidate.head,
        candidate.labels,
        Thresholds(confidence=confidence),
    )
    return [detector.detect(frame) for frame in frames]


@pytest.fixture(scope="module")
def yolox(yolox_onnx: Path, vtest_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Yolox:
    spec = InputSpec(height=416, width=416, color="bgr", anchor="top_left")
    config = ModelConfig(source=str(yolox_onnx), labels="coco", input=spec, head=YoloxHead())
    candidate = load_model(config, "detection")
    data = FramesConfig(
        frames=vtest_video,
        learn=FrameRange(count=16, step=25),
        held_out=FrameRange(start=500, count=12, step=20),
    )
    learn, held_out = open_footage(data)
    fp32 = tmp_path_factory.mktemp("yolox") / "model.fp32.onnx"
    export_fp32(candidate, fp32)
    reference = seen(candidate, fp32, held_out, 0.3)
    assert sum(len(detections) for detections in reference) > 50
    return Yolox(candidate, fp32, learn, held_out, reference)


@pytest.mark.slow
def test_people_are_still_found(yolox: Yolox, tmp_path: Path) -> None:
    plan = Quantize(profiles=("ort-cpu",))
    files = plan.export(yolox.fp32, tmp_path, yolox.candidate, yolox.learn, Silent())
    assert yolox.person_ap50(files["ort-cpu"]) > 0.95
    assert files["ort-cpu"].stat().st_size < 0.45 * yolox.fp32.stat().st_size


@pytest.mark.slow
def test_ranges_of_least_squared_error(yolox: Yolox, tmp_path: Path) -> None:
    every_layer = Quantize(method="mse", frames=4, float_below_db=None, correct_bias=False)
    files = every_layer.export(yolox.fp32, tmp_path, yolox.candidate, yolox.learn, Silent())
    for path in files.values():
        assert yolox.person_ap50(path) > 0.9


@pytest.mark.slow
def test_half_precision_sees_the_same(yolox: Yolox, tmp_path: Path) -> None:
    half = HalfPrecision(profiles=("tensorrt",), frames=4)
    (path,) = half.export(yolox.fp32, tmp_path, yolox.candidate, yolox.learn, Silent()).values()
    assert yolox.person_ap50(path) > 0.99
    assert path.stat().st_size < 0.55 * yolox.fp32.stat().st_size
    graph = onnx.load(path).graph
    weights = [tensor for tensor in graph.initializer if len(tensor.dims) == 4]
    assert {tensor.data_type for tensor in weights} == {TensorProto.FLOAT16}
    # The decode of boxes stays float32: nothing is narrowed after the last convolutions' outputs.
    made_by = {node.output[0]: node for node in graph.node}
    pending, narrowed = [graph.output[0].name], 0
    while pending:
        node = made_by.get(pending.pop())
        if node is None or node.op_type == "Conv":
            continue
        narrowed += node.op_type == "Cast" and node.attribute[0].i == TensorProto.FLOAT16
        pending.extend(node.input)
    assert narrowed == 0
