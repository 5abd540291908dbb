"""A student's batch as its teacher is fed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from edge_compress.bundle.schema import InputSpec

View = Callable[[Tensor], Tensor]


def same_input(one: InputSpec, other: InputSpec) -> bool:
    """Whether two models are fed alike; the name in the graph does not matter."""
    return one.model_copy(update={"name": other.name}) == other


def same_place(one: InputSpec, other: InputSpec) -> bool:
    """Whether a frame lies in both inputs at the same place, but for their scale."""
    if one.fit != other.fit:
        return False
    same_shape = one.height * other.width == other.height * one.width
    return one.fit == "stretch" or (same_shape and one.anchor == other.anchor)


def view(student: InputSpec, teacher: InputSpec) -> View:
    """A function from batches of the student's input [n, 3, h, w] to batches of the teacher's.

    It undoes the student's scaling, swaps channels where the orders differ, applies the teacher's
    scaling, and resizes. What it gives is what the teacher would be fed only where `same_place`.
    """
    if same_input(student, teacher):
        return lambda images: images
    mean, std = _column(student.mean), _column(student.std)
    teacher_mean, teacher_std = _column(teacher.mean), _column(teacher.std)
    size = (teacher.height, teacher.width)

    def seen(images: Tensor) -> Tensor:
        pixels = (images * std + mean) / student.scale
        if student.color != teacher.color:
            pixels = pixels.flip(1)
        if pixels.shape[2:] != size:
            pixels = functional.interpolate(pixels, size, mode="bilinear", antialias=True)
        return (pixels * teacher.scale - teacher_mean) / teacher_std

    return seen


def _column(values: tuple[float, float, float]) -> Tensor:
    return torch.tensor(values).view(1, 3, 1, 1)
