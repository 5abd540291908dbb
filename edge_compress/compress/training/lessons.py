"""Frames and what the teacher saw in them, as batches for a student of any input size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.footage import Frames
from edge_compress.compress.training.augment import augment
from edge_compress.compress.training.losses import Targets
from edge_compress.compress.training.teacher import Teacher
from edge_compress.vision.preprocess import preprocess


class Batch(NamedTuple):
    """Network inputs float32 [n, 3, height, width] with the teacher's answers.

    A detector's answers are in `targets`, a classifier's in `logits` [n, classes].
    """

    images: Tensor
    targets: list[Targets]
    logits: Tensor | None


class Lessons:
    """All frames to learn from, kept as uint8 at the student's input size."""

    def __init__(self, frames: Frames, teacher: Teacher, spec: InputSpec, task: str) -> None:
        self._spec = spec
        pixels = spec.model_copy(
            update={"scale": 1.0, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
        )
        self._images: list[Tensor] = []
        self._targets: list[Targets] = []
        self._logits = teacher.logits if task == "classification" else None
        for index, frame in enumerate(frames):
            tensor, geometry = preprocess(frame, pixels)
            self._images.append(torch.from_numpy(np.rint(tensor[0]).astype(np.uint8)))
            if self._logits is None:
                seen = teacher.detections[index]
                boxes = torch.from_numpy(geometry.to_network(seen.boxes))
                scores, class_ids = torch.from_numpy(seen.scores), torch.from_numpy(seen.class_ids)
                self._targets.append(Targets(boxes, scores, class_ids))

    def __len__(self) -> int:
        return len(self._images)

    def batches(self, size: int, generator: torch.Generator, *, varied: bool) -> Iterator[Batch]:
        """All frames once, shuffled; `varied` shows each a little different every time."""
        order = torch.randperm(len(self), generator=generator)
        for start in range(0, len(order), size):
            yield self._batch(order[start : start + size], generator, varied)

    def _batch(self, places: Tensor, generator: torch.Generator, varied: bool) -> Batch:
        images, targets = [], []
        for place in places.tolist():
            image = self._images[place].float()
            target = self._targets[place] if self._targets else None
            if varied:
                image, target = augment(image, target, self._spec.pad_value, generator)
            images.append(image)
            if target is not None:
                targets.append(target)
        logits = self._logits[places] if self._logits is not None else None
        return Batch(self._scaled(torch.stack(images)), targets, logits)

    def _scaled(self, pixels: Tensor) -> Tensor:
        mean = torch.tensor(self._spec.mean).view(1, 3, 1, 1)
        std = torch.tensor(self._spec.std).view(1, 3, 1, 1)
        return (pixels * self._spec.scale - mean) / std
