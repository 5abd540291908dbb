"""What one distillation minimizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.distillation.asked import Asked
from edge_compress.compress.distillation.features import captured
from edge_compress.compress.distillation.layer_pairs import Match, adapter
from edge_compress.compress.distillation.losses import (
    SoftTargets,
    attention_loss,
    hint_loss,
    soft_class_loss,
)
from edge_compress.compress.training.lessons import Batch
from edge_compress.compress.training.losses import detection_loss, imitation_loss
from edge_compress.compress.training.predictions import predict
from edge_compress.compress.training.teacher import Teacher


@dataclass(frozen=True)
class Weights:
    """How the parts of the loss are mixed.

    Attributes:
        alpha: share of the labels, 0-1, where there are labels and a teacher.
        temperature: that softens classes.
        soft_targets: the loss of softened classes.
        imitation: weight of a detector's cells; 0 where teacher and student have others.
        consistent: whether a classifier's teacher is asked about the batch.
    """

    alpha: float
    temperature: float
    soft_targets: SoftTargets
    imitation: float
    consistent: bool = False


class Apprentice(nn.Module):
    """A student with the adapters of its hints, which learn along and are thrown away."""

    def __init__(self, student: nn.Module, hints: Sequence[Match]) -> None:
        super().__init__()
        self.student = student
        self.adapters = nn.ModuleList(adapter(match) for match in hints)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """What the student answers."""
        answers: tuple[Tensor, ...] = self.student(images)
        return answers


class Objective:
    """α · labels + (1 - α) · teacher, and what is asked of inner layers; a scalar a batch."""

    def __init__(
        self,
        weights: Weights,
        apprentice: Apprentice,
        teacher: Teacher | None,
        asked: Asked | None,
        hints: Sequence[Match] = (),
        attention: Sequence[Match] = (),
    ) -> None:
        """Put the parts together.

        Args:
            weights: of the parts.
            apprentice: who is learning.
            teacher: whose outputs are learnt from; None for labels alone.
            asked: the teacher, where it is asked about each batch: `consistent`, `imitation` and
                inner layers need that.
            hints: of which the apprentice has the adapters.
            attention: layers with attention maps.
        """
        self._weights = weights
        self._apprentice = apprentice
        self._teacher = teacher
        self._asked = asked
        self._hints = hints
        self._attention = attention
        both = (*hints, *attention)
        self._mine = list({match.student for match in both})
        self._theirs = list({match.teacher for match in both})

    def ask(self, candidate: Candidate) -> None:
        """Ask a classifier's teacher about all frames, where it is not asked about each batch."""
        if candidate.task == "classification" and self._teacher and not self._weights.consistent:
            _ = self._teacher.logits

    def __call__(self, candidate: Candidate, batch: Batch) -> Tensor:
        """The loss of a candidate, whose module is the apprentice, on a batch."""
        images = batch.images.to(memory_format=torch.channels_last)
        with captured(self._apprentice.student, self._mine) as found:
            outputs = candidate.module(images)
        answers: tuple[Tensor, ...] = ()
        wanted: dict[str, Tensor] = {}
        if self._asked is not None:
            answers, wanted = self._asked(images, self._theirs)
        if candidate.task == "classification":
            loss = self._classes(outputs, answers, batch)
        else:
            loss = self._boxes(outputs, answers, candidate, batch)
        for match, adapt in zip(self._hints, self._apprentice.adapters, strict=True):
            like = hint_loss(adapt(found[match.student]), wanted[match.teacher])
            loss = loss + match.weight * like
        for match in self._attention:
            alike = attention_loss(found[match.student], wanted[match.teacher])
            loss = loss + match.weight * alike
        return loss

    def _classes(
        self, outputs: tuple[Tensor, ...], answers: tuple[Tensor, ...], batch: Batch
    ) -> Tensor:
        """Cross-entropy with the labels, and soft targets of the teacher."""
        logits = outputs[0]
        right = None if batch.classes is None else functional.cross_entropy(logits, batch.classes)
        if self._teacher is None:
            return _known(right)
        weights = self._weights
        wanted = answers[0] if weights.consistent else self._teacher.logits[batch.places]
        told = soft_class_loss(logits, wanted, weights.temperature, weights.soft_targets)
        return self._mixed(right, told)

    def _boxes(
        self,
        outputs: tuple[Tensor, ...],
        answers: tuple[Tensor, ...],
        candidate: Candidate,
        batch: Batch,
    ) -> Tensor:
        """Boxes and scores of labels and teacher, and each cell as the teacher's where it can be.

        The teacher's final detections at its own input size are what counts; its raw answers say
        how the cells share the work. Without those, a cell's class is lost where the teacher gives
        one object two classes.
        """
        found = predict(outputs, candidate.head, candidate.input)
        right = detection_loss(found, batch.truth) if batch.truth else None
        if self._teacher is None:
            return _known(right)
        loss = self._mixed(right, detection_loss(found, batch.seen))
        if not self._weights.imitation:
            return loss
        guide = predict(answers, candidate.head, candidate.input)
        return loss + self._weights.imitation * imitation_loss(found, guide)

    def _mixed(self, right: Tensor | None, told: Tensor) -> Tensor:
        alpha = self._weights.alpha
        return told if right is None else alpha * right + (1 - alpha) * told


def _known(right: Tensor | None) -> Tensor:
    assert right is not None, "lessons have labels where there is no teacher"
    return right
