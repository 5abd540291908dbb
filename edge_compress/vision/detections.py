"""What a detector saw in one frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Detection(NamedTuple):
    """One object: box xyxy in source pixels, score 0-1, class index and name."""

    box: NDArray[np.float32]
    score: float
    class_id: int
    name: str


@dataclass(frozen=True)
class Detections:
    """The objects of one frame, best score first.

    Attributes:
        boxes: float32 [n, 4], x1 y1 x2 y2 in pixels of the source image. A classifier's results
            carry the whole image as their box.
        scores: float32 [n], 0-1.
        class_ids: int64 [n], indices into `labels`.
        labels: the name of each class of the model.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    labels: tuple[str, ...]

    @classmethod
    def empty(cls, labels: tuple[str, ...]) -> Detections:
        """Nothing was seen."""
        return cls(
            np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), labels
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The class name of each object; an index without a label is its number."""
        return tuple(
            self.labels[i] if 0 <= i < len(self.labels) else str(i) for i in self.class_ids.tolist()
        )

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Detection]:
        for box, score, class_id, name in zip(
            self.boxes, self.scores.tolist(), self.class_ids.tolist(), self.names, strict=True
        ):
            yield Detection(box, score, class_id, name)
