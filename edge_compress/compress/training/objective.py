"""What a student is to become: like its teacher, right about the labels, or both."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.distillation.asked import Asked
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


class StudentLoss:
    """What a student is taught by labels, by its teacher, or by both.

    Attributes:
        teacher: whose answers count beside labels, or instead of them; None for labels alone.
    """

    def __init__(self, candidate: Candidate, teacher: Teacher | None) -> None:
        """See how the teacher can be asked.

        Args:
            candidate: who is to learn, with as many cells as it will always have.
            teacher: None for labels alone.
        """
        self.teacher = teacher
        self._asked: Asked | None = None  # about each batch, where both detectors' cells are alike
        if candidate.task == "detection" and teacher is not None:
            asked = Asked(teacher.original, candidate)
            if asked.has_cells_of(candidate):
                self._asked = asked

    def ask(self, candidate: Candidate) -> None:
        """Ask a classifier's teacher about all frames, if it is fed otherwise than the student."""
        teacher = self.teacher
        if candidate.task == "detection" or teacher is None:
            return
        if teacher.original.input != candidate.input:
            _ = teacher.logits

    def __call__(self, candidate: Candidate, batch: Batch) -> Tensor:
        """How wrong the candidate's answers to a batch are; a scalar.

        Args:
            candidate: who is learning, with the module of the one that was given first or one of
                the same shape.
            batch: with labels where there is no teacher.
        """
        outputs = candidate.module(batch.images.to(memory_format=torch.channels_last))
        if candidate.task == "classification":
            return _classifier_loss(outputs[0], candidate, self.teacher, batch)
        return self._detector_loss(outputs, candidate, batch)

    def _detector_loss(
        self, outputs: tuple[Tensor, ...], candidate: Candidate, batch: Batch
    ) -> Tensor:
        """Final detections of teacher and labels, and the teacher's raw answers where it has them.

        The first are what counts; the second say how the cells share the work. Without them a
        cell's class is lost where the original gives one object two classes.
        """
        found = predict(outputs, candidate.head, candidate.input)
        right = detection_loss(found, batch.truth) if batch.truth else None
        if self.teacher is None:
            assert right is not None
            return right
        alike = detection_loss(found, batch.seen)
        mixed = alike if right is None else LABELS * right + (1 - LABELS) * alike
        if self._asked is None:
            return mixed
        answers, _ = self._asked(batch.images)
        guide = predict(answers, candidate.head, candidate.input)
        return mixed + IMITATION * imitation_loss(found, guide)


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
