"""What comes of counting: hits and misses, and precision over recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Counts:
    """What was counted, at one IoU and one score.

    Attributes:
        found: objects that a detection has found.
        missed: objects that none has.
        false: detections that have found nothing.
    """

    found: int
    missed: int
    false: int

    @property
    def precision(self) -> float | None:
        """Share of the detections that are right, 0-1; None when there are none."""
        detections = self.found + self.false
        return self.found / detections if detections else None

    @property
    def recall(self) -> float | None:
        """Share of the objects that are found, 0-1; None when there are none."""
        objects = self.found + self.missed
        return self.found / objects if objects else None


@dataclass(frozen=True)
class Curves:
    """Precision at 101 recalls of each class that there was to find.

    Attributes:
        by_class: float64 [10, 101] at the ten IoU thresholds of COCO, by name.
    """

    by_class: dict[str, NDArray[np.float64]]

    def ap(self, name: str) -> float:
        """Average precision over IoU 0.5 to 0.95."""
        return float(self.by_class[name].mean())

    def ap50(self, name: str) -> float:
        """Average precision at IoU 0.5."""
        return float(self.by_class[name][0].mean())

    @property
    def mean(self) -> NDArray[np.float64] | None:
        """Mean over the classes, [10, 101]; its mean is COCO's AP. None without any object."""
        return np.mean(list(self.by_class.values()), axis=0) if self.by_class else None
