"""A student that has taken the model's place learns on from a teacher that is not built like it."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from edge_compress.bundle.schema import YoloxHead
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.distillation.other_model import OtherModel
from edge_compress.compress.footage import Frames
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.pass_base import Context
from edge_compress.compress.passes import Distill, Prune
from edge_compress.compress.training.losses import detection_loss
from edge_compress.compress.training.objective import StudentLoss
from edge_compress.compress.training.predictions import predict
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for

ONCE = Schedule(epochs=1)
COARSE = OtherModel(source="tiny_detector:coarse", head=YoloxHead(strides=(16,)))


class FedOtherwise(nn.Module):
    """The detector for pixels of 0-1 in RGB, not of 0-255 in BGR."""

    def __init__(self, detector: nn.Module) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> Tensor:
        return self.detector(255 * images.flip(1))[0]


def _loss(student: Candidate, context: Context) -> tuple[Tensor, Tensor]:
    """Of the student, and that of final detections alone."""
    lessons = lessons_for(student, context)
    batch = next(lessons.batches(16, torch.Generator().manual_seed(0)))
    with torch.no_grad():
        found = predict(student.module(batch.images), student.head, student.input)
        whole = StudentLoss(student, context.teacher)(student, batch)
    return whole, detection_loss(found, batch.seen)


@pytest.mark.parametrize("importance", ["taylor", "sensitivity"])
def test_one_with_other_cells_is_cut_and_recovers(importance, detector, blocks, make_context):
    context = make_context(detector, blocks[:16], channel_step=2)
    student = Distill(student=COARSE, schedule=ONCE).run(detector, context)
    made = Prune(importance=importance, keep=0.8, recovery=ONCE).run(student, context)
    assert made.head == COARSE.head
    whole, final = _loss(made, context)
    assert whole == final, "the teacher's cells are other ones"


def test_one_that_is_fed_otherwise_is_told_what_the_teacher_sees(detector, blocks, make_context):
    context = make_context(detector, blocks)
    learner = copy.deepcopy(detector.module)
    with torch.no_grad():
        for parameter in learner.parameters():
            parameter *= 0.8
    spec = detector.input.model_copy(update={"color": "rgb", "scale": 1 / 255})
    module = TupleOutput(FedOtherwise(learner)).eval()
    same = replace(detector, module=module, input=spec)
    wanted, _ = _loss(detector.with_module(learner), context)
    found, final = _loss(same, context)
    assert found > 1.1 * final, "cells are imitated"
    assert found == pytest.approx(wanted.item(), rel=1e-4)


class Bound(nn.Module):
    """Runs at one input size alone, as many an .onnx file does."""

    def __init__(self, detector: nn.Module) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> Tensor:
        return self.detector(images)[0].view(-1, 64, 7)


def test_one_of_another_size_learns_from_a_teacher_that_is_bound_to_its_own(
    detector, blocks: Frames, make_context
):
    teacher = detector.with_module(TupleOutput(Bound(detector.module)).eval())
    whole, final = _loss(detector.with_input(32, 64), make_context(teacher, blocks))
    assert whole == final
