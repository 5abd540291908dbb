"""The real detector in INT8 sees what it saw in float."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_compress.bundle.schema import InputSpec, YoloxHead
from edge_compress.compress.agreement import FOUND_SCORE, agreement_ap50
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export_fp32
from edge_compress.compress.footage import Frames, open_footage
from edge_compress.compress.models import load_model
from edge_compress.compress.passes.quantize import Quantize
from edge_compress.compress.progress import Silent
from edge_compress.compress.recipe import FrameRange, FramesConfig, ModelConfig
from edge_compress.inference.detector import Detector
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.vision.detections import Detections
from edge_compress.vision.thresholds import Thresholds


def seen(candidate: Candidate, model: Path, frames: Frames, confidence: float) -> list[Detections]:
    detector = Detector(
        OrtSession(model, threads=1),
        candidate.input,
        candidate.head,
        candidate.labels,
        Thresholds(confidence=confidence),
    )
    return [detector.detect(frame) for frame in frames]


@pytest.mark.slow
def test_people_are_still_found(yolox_onnx: Path, vtest_video: Path, tmp_path: Path) -> None:
    spec = InputSpec(height=416, width=416, color="bgr", anchor="top_left")
    config = ModelConfig(source=str(yolox_onnx), labels="coco", input=spec, head=YoloxHead())
    candidate = load_model(config, "detection")
    data = FramesConfig(
        frames=vtest_video,
        learn=FrameRange(count=16, step=25),
        held_out=FrameRange(start=500, count=12, step=20),
    )
    learn, held_out = open_footage(data)
    fp32 = tmp_path / "model.fp32.onnx"
    export_fp32(candidate, fp32)
    files = Quantize().export(fp32, tmp_path, candidate, learn, Silent())
    reference = seen(candidate, fp32, held_out, 0.3)
    assert sum(len(detections) for detections in reference) > 50
    for path in files.values():
        found = seen(candidate, path, held_out, FOUND_SCORE)
        assert agreement_ap50(reference, found).per_class["person"] > 0.95
    assert files["ort-cpu"].stat().st_size < 0.45 * fp32.stat().st_size
