"""What a student is to become: like its teacher, right about the labels, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.training.lessons import Batch
from edge_compress.compress.training.losses import detection_loss, imitation_loss, soft_target_loss
from edge_compress.compress.training.predictions import predict
from edge_compress.compress.training.teacher import Teacher

TEMPERATURE = 2.0
IMITATION = 0.5
LABELS = 0.5  # share of the labels where there is a teacher too


class Objective(Protocol):
    """What a training minimizes; it can be pickled together with the candidate."""

    def ask(self, candidate: Candidate) -> None:
        """Ask the teacher what it is asked but once; processes that help cannot ask it."""
        ...

    def __call__(self, candidate: Candidate, batch: Batch) -> Tensor:
        """How wrong the candidate's answers to a batch are; a scalar."""
        ...


@dataclass(frozen=True)
class StudentLoss:
    """`student_loss` with a given teacher.

    Attributes:
        teacher: whose answers count beside labels, or instead of them; None for labels alone.
    """

    teacher: Teacher | None

    def ask(self, candidate: Candidate) -> None:
        """Ask a classifier's teacher about all frames, if it is fed otherwise than the student."""
        teacher = self.teacher
        if candidate.task == "detection" or teacher is None:
            return
        if teacher.original.input != candidate.input:
            _ = teacher.logits

    def __call__(self, candidate: Candidate, batch: Batch) -> Tensor:
        """How wrong the candidate's answers to a batch are; a scalar."""
        return student_loss(candidate, self.teacher, batch)


def student_loss(candidate: Candidate, teacher: Teacher | None, batch: Batch) -> Tensor:
    """How wrong the candidate's answers to a batch are; a scalar.

    Args:
        candidate: who is learning.
        teacher: whose answers count beside the labels of the batch, or instead of them.
        batch: with labels where there is no teacher.
    """
    outputs = candidate.module(batch.images.to(memory_format=torch.channels_last))
    if candidate.task == "classification":
        return _classifier_loss(outputs[0], candidate, teacher, batch)
    return _detector_loss(outputs, candidate, teacher, batch)


def _classifier_loss(
    logits: Tensor, candidate: Candidate, teacher: Teacher | None, batch: Batch
) -> Tensor:
    """α CE + (1 - α) T² KL. Hinton et al., arXiv:1503.02531.

    A teacher with the same input sees the very frames that the student sees, varied as they are:
    Beyer et al., arXiv:2106.05237.
    """
    right = None if batch.classes is None else functional.cross_entropy(logits, batch.classes)
    if teacher is None:
        assert right is not None
        return right
    if teacher.original.input == candidate.input:
        with torch.no_grad():
            wanted = teacher.original.module.eval()(batch.images)[0]
    else:
        wanted = teacher.logits[batch.places]
    alike = soft_target_loss(logits, wanted, TEMPERATURE)
    return alike if right is None else LABELS * right + (1 - LABELS) * alike


def _detector_loss(
    outputs: tuple[Tensor, ...], candidate: Candidate, teacher: Teacher | None, batch: Batch
) -> Tensor:
    """Final detections of teacher and labels, and the teacher's raw answers at the student's size.

    The first are what counts; the second say how the cells share the work. Without them a cell's
    class is lost where the original gives one object two classes.
    """
    found = predict(outputs, candidate.head, candidate.input)
    right = detection_loss(found, batch.truth) if batch.truth else None
    if teacher is None:
        assert right is not None
        return right
    with torch.no_grad():
        answers = teacher.original.module.eval()(batch.images)
        guide = predict(answers, candidate.head, candidate.input)
    alike = detection_loss(found, batch.seen)
    mixed = alike if right is None else LABELS * right + (1 - LABELS) * alike
    return mixed + IMITATION * imitation_loss(found, guide)
