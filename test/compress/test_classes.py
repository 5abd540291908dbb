"""A model that keeps only the classes which the robot needs."""

from __future__ import annotations

import pytest
import torch

from edge_compress.bundle.schema import InputSpec, YoloxHead
from edge_compress.compress.models import ModelSourceError, load_model
from edge_compress.compress.models.classes import select_classes
from edge_compress.compress.recipe import ModelConfig


@pytest.fixture(scope="module")
def yolox_nano(yolox_onnx):
    spec = InputSpec(height=416, width=416, color="bgr", anchor="top_left")
    config = ModelConfig(source=str(yolox_onnx), labels="coco", input=spec, head=YoloxHead())
    return load_model(config, "detection")


def test_the_kept_classes_score_as_before(yolox_nano):
    narrowed = select_classes(yolox_nano, ["truck", "person", "car"])
    assert narrowed.labels == ("person", "car", "truck")
    images = torch.rand(1, 3, 96, 128) * 255
    with torch.no_grad():
        (before,), (after,) = yolox_nano.module(images), narrowed.module(images)
    kept = [0, 1, 2, 3, 4, 5 + 0, 5 + 2, 5 + 7]
    assert torch.allclose(before[..., kept], after, atol=1e-4)
    assert before.shape[-1] == 85, "the original is left unchanged"


def test_all_classes_are_no_change(yolox_nano):
    assert select_classes(yolox_nano, []) is yolox_nano
    assert select_classes(yolox_nano, yolox_nano.labels) is yolox_nano


def test_an_unknown_class_is_named(yolox_nano):
    with pytest.raises(ModelSourceError, match="knows no 'drone'"):
        select_classes(yolox_nano, ["person", "drone"])
