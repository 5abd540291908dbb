"""A student's batch as its teacher is fed."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from edge_compress.bundle.schema import InputSpec


def same_input(one: InputSpec, other: InputSpec) -> bool:
    """Whether two models are fed alike; the name in the graph does not matter."""
    return one.model_copy(update={"name": other.name}) == other


def same_place(one: InputSpec, other: InputSpec) -> bool:
    """Whether a frame lies in both inputs at the same place, but for their scale."""
    if one.fit != other.fit:
        return False
    same_shape = one.height * other.width == other.height * one.width
    return one.fit == "stretch" or (same_shape and one.anchor == other.anchor)


@dataclass(frozen=True)
class View:
    """From batches of the student's input [n, 3, h, w] to batches of the teacher's.

    It undoes the student's scaling, swaps channels where the orders differ, applies the teacher's
    scaling, and resizes. What it gives is what the teacher would be fed only where `same_place`.
    """

    student: InputSpec
    teacher: InputSpec

    def __call__(self, images: Tensor) -> Tensor:
        """The batch as the teacher is fed; itself where both are fed alike."""
        student, teacher = self.student, self.teacher
        if same_input(student, teacher):
            return images
        pixels = (images * _column(student.std) + _column(student.mean)) / student.scale
        if student.color != teacher.color:
            pixels = pixels.flip(1)
        size = (teacher.height, teacher.width)
        if pixels.shape[2:] != size:
            pixels = functional.interpolate(pixels, size, mode="bilinear", antialias=True)
        return (pixels * teacher.scale - _column(teacher.mean)) / _column(teacher.std)


def _column(values: tuple[float, float, float]) -> Tensor:
    return torch.tensor(values).view(1, 3, 1, 1)
