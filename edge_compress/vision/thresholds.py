"""What a detector keeps of what it saw."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge_compress.errors import EdgeCompressError


class ThresholdError(EdgeCompressError):
    """A threshold is out of its range."""


@dataclass(frozen=True)
class Thresholds:
    """Limits on detections; change one with ``dataclasses.replace``.

    Attributes:
        confidence: 0-1; objects with a lower score are left out.
        nms_iou: 0-1; of two boxes of one class that overlap more than this, the better stays.
        max_detections: at most this many objects a frame, best first.

    Raises:
        ThresholdError: when a value is out of range.
    """

    confidence: float = 0.3
    nms_iou: float = 0.45
    max_detections: int = 300

    def __post_init__(self) -> None:
        """Refuse values out of range where they enter."""
        for name in ("confidence", "nms_iou"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0.0 <= value <= 1.0):
                raise ThresholdError(f"`{name}` must be between 0 and 1, got {value}")
        if self.max_detections < 1:
            raise ThresholdError(f"`max_detections` must be at least 1, got {self.max_detections}")
