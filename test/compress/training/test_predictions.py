"""Training and the robot must read a head's outputs alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edge_compress.bundle.schema import (
    ClassifierHead,
    DetrHead,
    InputSpec,
    SsdHead,
    Yolov8Head,
    YoloxHead,
)
from edge_compress.compress.training.predictions import can_predict, predict
from edge_compress.vision import heads
from edge_compress.vision.thresholds import Thresholds

SPEC = InputSpec(height=32, width=64)
CELLS = 4 * 8 + 2 * 4
EVERYTHING = Thresholds(confidence=0.5, nms_iou=1.0, max_detections=1000)


def _random(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1))


HEADS = [
    (YoloxHead(strides=(8, 16)), (_random(1, CELLS, 8),)),
    (Yolov8Head(), (_random(1, 7, CELLS) * torch.tensor([30.0] * 4 + [1.0] * 3)[:, None],)),
    (SsdHead(), (_random(1, 20, 4), _random(1, 20, 4))),
    (SsdHead(box_format="yxyx", activation="sigmoid"), (_random(1, 20, 4), _random(1, 20, 4))),
    (SsdHead(box_format="cxcywh", background=False), (_random(1, 20, 4), _random(1, 20, 3))),
    (DetrHead(), (_random(1, 20, 4) * 9, _random(1, 20, 4))),
    (DetrHead(activation="sigmoid"), (_random(1, 20, 3) - 0.3, _random(1, 20, 4))),
]


@pytest.mark.parametrize(("head", "outputs"), HEADS, ids=lambda value: getattr(value, "kind", ""))
def test_what_the_robot_decodes_is_among_what_training_predicts(head, outputs):
    predictions = predict(outputs, head, SPEC)
    decoded = heads.decode([o.numpy() for o in outputs], head, ("a", "b"), SPEC, EVERYTHING)
    assert len(decoded[1]), "the test needs something to compare"
    boxes = predictions.boxes[0].numpy()
    scores = predictions.scores[0].numpy()
    for box, score, class_id in zip(*decoded, strict=True):
        cell = np.abs(boxes - box).sum(1).argmin()
        assert boxes[cell] == pytest.approx(box, abs=1e-2)
        assert scores[cell, class_id] == pytest.approx(score, abs=1e-5)


def test_gradients_reach_boxes_and_scores():
    output = _random(2, CELLS, 8).requires_grad_()
    predictions = predict((output,), YoloxHead(strides=(8, 16)), SPEC)
    (predictions.boxes.square().sum() + predictions.scores.sum()).backward()
    assert output.grad is not None
    assert (output.grad.abs().sum((0, 1)) > 0).all()


def test_a_classifier_has_no_boxes_to_predict():
    assert not can_predict(ClassifierHead())
