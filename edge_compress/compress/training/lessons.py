"""Frames and what is known of them, as batches for a student of any input size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from edge_compress.bundle.schema import InputSpec, Task
from edge_compress.compress.footage import Frames
from edge_compress.compress.training.augment import augment, augment_batch
from edge_compress.compress.training.losses import Targets
from edge_compress.compress.training.schedule import Augmentation
from edge_compress.compress.training.teacher import Teacher
from edge_compress.vision.detections import Detections
from edge_compress.vision.letterbox import Geometry
from edge_compress.vision.preprocess import preprocess


class Batch(NamedTuple):
    """Network inputs with what is known of each.

    Attributes:
        images: float32 [n, 3, height, width], scaled as the student is fed.
        places: of the frames among those to learn from, int64 [n].
        seen: the teacher's detections; empty without a teacher, and for a classifier.
        truth: labelled boxes; empty for footage that nobody labelled, and for a classifier.
        classes: labels of a classifier, int64 [n].
    """

    images: Tensor
    places: Tensor
    seen: list[Targets]
    truth: list[Targets]
    classes: Tensor | None

    def part(self, begin: int, end: int) -> Batch:
        """The frames from `begin` up to `end`, at most as many as there are."""
        return Batch(
            self.images[begin:end],
            self.places[begin:end],
            self.seen[begin:end],
            self.truth[begin:end],
            None if self.classes is None else self.classes[begin:end],
        )


class Lessons:
    """All frames to learn from, kept as uint8 at the student's input size.

    Attributes:
        teacher: who is to be learnt from; None for labels alone.
        has_labels: whether batches have `truth` or `classes`.
    """

    def __init__(
        self,
        frames: Frames,
        teacher: Teacher | None,
        spec: InputSpec,
        task: Task,
        *,
        labels: bool = True,
    ) -> None:
        """Prepare the frames.

        Args:
            frames: to learn from.
            teacher: who is asked about them when a batch first needs it; None for labels alone.
            spec: the student's input.
            task: what the student does.
            labels: use the frames' labels, where there are some.
        """
        self._spec = spec
        self._task = task
        self.teacher = teacher
        self._truth = frames.truth if labels else None
        self.has_labels = self._truth is not None
        pixels = spec.model_copy(
            update={"scale": 1.0, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
        )
        self._images = torch.empty(len(frames), 3, spec.height, spec.width, dtype=torch.uint8)
        self._geometries: list[Geometry] = []
        for index, frame in enumerate(frames):
            tensor, geometry = preprocess(frame, pixels)
            self._images[index] = torch.from_numpy(np.rint(tensor[0]).astype(np.uint8))
            if task == "detection":
                self._geometries.append(geometry)

    def __len__(self) -> int:
        return len(self._images)

    def ask(self) -> None:
        """Ask a detector's teacher now; in other processes it cannot be asked."""
        if self._task == "detection":
            _ = self._seen

    def batch_sizes(self, size: int) -> list[int]:
        """How many frames each of `batches` has: `size`, and what is left over.

        One frame left over joins the batch before it. Alone, it has no variance for batch norm
        where maps are 1x1.
        """
        full, rest = divmod(len(self), size)
        if rest == 1 and full:
            return [*[size] * (full - 1), size + 1]
        return [size] * full + [rest] * (rest > 0)

    def batches(
        self, size: int, generator: torch.Generator, varied: Augmentation | None = None
    ) -> Iterator[Batch]:
        """All frames once, shuffled; `varied` shows each a little different every time.

        Each batch has as many frames as `batch_sizes` says.
        """
        order = torch.randperm(len(self), generator=generator)
        for places in order.split(self.batch_sizes(size)):
            if self._task == "classification":
                yield self._classifier_batch(places, generator, varied)
            else:
                yield self._detector_batch(places, generator, varied)

    def _classifier_batch(
        self, places: Tensor, generator: torch.Generator, varied: Augmentation | None
    ) -> Batch:
        images = self._images[places].float()
        if varied is not None:
            images = augment_batch(images, varied, self._spec.pad_value, generator)
        classes = self._classes[places] if self._truth is not None else None
        return Batch(self._scaled(images), places, [], [], classes)

    def _detector_batch(
        self, places: Tensor, generator: torch.Generator, varied: Augmentation | None
    ) -> Batch:
        images, known = [], []
        for place in places.tolist():
            image = self._images[place].float()
            targets = [source[place] for source in (self._seen, self._boxes) if source]
            if varied is not None:
                image, targets = augment(image, targets, varied, self._spec.pad_value, generator)
            images.append(image)
            known.append(targets)
        seen = [targets[0] for targets in known] if self._seen else []
        truth = [targets[-1] for targets in known] if self._boxes else []
        return Batch(self._scaled(torch.stack(images)), places, seen, truth, None)

    @cached_property
    def _seen(self) -> list[Targets]:
        return self._targets(self.teacher.detections) if self.teacher is not None else []

    @cached_property
    def _boxes(self) -> list[Targets]:
        return self._targets(self._truth) if self._truth is not None else []

    @cached_property
    def _classes(self) -> Tensor:
        return torch.tensor([int(label.class_ids[0]) for label in self._truth or ()])

    def _targets(self, found: Sequence[Detections]) -> list[Targets]:
        return [
            Targets(
                torch.from_numpy(geometry.to_network(one.boxes)),
                torch.from_numpy(one.scores),
                torch.from_numpy(one.class_ids),
            )
            for one, geometry in zip(found, self._geometries, strict=True)
        ]

    def _scaled(self, pixels: Tensor) -> Tensor:
        mean = torch.tensor(self._spec.mean).view(1, 3, 1, 1)
        std = torch.tensor(self._spec.std).view(1, 3, 1, 1)
        return (pixels * self._spec.scale - mean) / std
