"""A model that keeps only the classes which the robot needs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from edge_compress.bundle.schema import (
    DetrHead,
    Head,
    InputSpec,
    NmsInGraphHead,
    SsdHead,
    Yolov8Head,
    YoloxHead,
)
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.models import ModelSourceError, load_model
from edge_compress.compress.models.classes import select_classes
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.networks.small_detector import small_detector
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


FOUR = ("cat", "dog", "cow", "hen")


class FourAndFour(nn.Module):
    """Boxes of four sides, and four classes: two layers of as many channels."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Conv2d(3, 8, 3, 8, 1)
        self.box = nn.Conv2d(8, 4, 1)
        self.classes = nn.Conv2d(8, 4, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes [n, cells, 4], and probabilities [n, cells, 4]."""
        seen = self.features(images).relu()
        return tuple(
            part.flatten(2).transpose(1, 2) for part in (self.box(seen), self.classes(seen) * 99)
        )


class Yolov8Like(FourAndFour):
    def forward(self, images: Tensor) -> Tensor:
        boxes, scores = super().forward(images)
        return torch.cat([boxes, scores.sigmoid()], 2).transpose(1, 2)


class DetrLike(FourAndFour):
    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        boxes, scores = super().forward(images)
        return scores, boxes


class DetrOfFive(DetrLike):
    """Of its classes the last is no object, so that four channels are the boxes' alone."""

    def __init__(self) -> None:
        super().__init__()
        self.classes = nn.Conv2d(8, 5, 1)


class Rigid(FourAndFour):
    """Its exported graph holds the number of channels."""

    def forward(self, images: Tensor) -> Tensor:
        boxes, scores = super().forward(images)
        whole = torch.cat([boxes, scores.sigmoid()], 2).transpose(1, 2)
        return whole.reshape(-1, 8, 64)


class BestOfEach(FourAndFour):
    """The best class of each cell, as after NMS."""

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        boxes, scores = super().forward(images)
        best, labels = scores.sigmoid().max(2)
        return boxes, best, labels


def detector_of(module: nn.Module, head: Head, names: tuple[str, ...] = ("output",)) -> Candidate:
    spec = InputSpec(height=64, width=64)
    return Candidate(TupleOutput(module).eval(), spec, head, FOUR, "detection", names)


@pytest.mark.parametrize(
    ("make", "head", "part"),
    [
        (lambda: small_detector(classes=4, strides=(8, 16)), YoloxHead(strides=(8, 16)), 0),
        (Yolov8Like, Yolov8Head(), 0),
        (FourAndFour, SsdHead(background=False, activation="sigmoid"), 1),
        (DetrLike, DetrHead(activation="sigmoid"), 0),
    ],
    ids=["yolox", "yolov8", "ssd", "detr"],
)
def test_four_classes_are_not_mistaken_for_the_four_sides_of_a_box(make, head, part):
    torch.manual_seed(0)
    whole = detector_of(make(), head)
    narrowed = select_classes(whole, ["cat", "hen"])
    images = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        before, after = list(whole.module(images)), narrowed.module(images)
    axis = 1 if head.kind == "yolov8" else 2
    first = before[part].shape[axis] - 4
    kept = torch.tensor([*range(first), first, first + 3])
    before[part] = before[part].index_select(axis, kept)
    for wanted, found in zip(before, after, strict=True):
        assert torch.allclose(wanted, found, atol=1e-5)


@pytest.mark.parametrize(
    ("module", "head", "told"),
    [
        (Rigid(), Yolov8Head(), "does not run on float32"),
        (DetrOfFive(), DetrHead(), "no last layer has one output a class"),
        (BestOfEach(), NmsInGraphHead(), r"boxes \[1, 64, 2\]"),
    ],
    ids=["fixed shape", "no layer of theirs", "boxes after NMS"],
)
def test_classes_that_cannot_be_taken_out_are_told(module, head, told):
    names = ("boxes", "scores", "labels") if head.kind == "nms-in-graph" else ("a", "b")
    with pytest.raises(ModelSourceError, match=told) as raised:
        select_classes(detector_of(module, head, names), ["cat", "hen"])
    assert "leave `classes` out" in str(raised.value)
