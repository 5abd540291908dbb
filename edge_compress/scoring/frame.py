"""The boxes of one message, without the message."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.bags.boxes import centre


@dataclass(frozen=True)
class Frame:
    """What one Detection2DArray says.

    Attributes:
        stamp_ns: of its header, nanoseconds.
        boxes: float64 [n, 4]: left, top, width, height in pixels, as COCO has them.
        scores: float64 [n].
        names: the class of each box.
        unreadable: boxes that were left out: a number is not finite, or there is no area to find.
    """

    stamp_ns: int
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    names: tuple[str, ...]
    unreadable: int = 0

    def __len__(self) -> int:
        return len(self.names)


def read_frame(message: Any, *, truth: bool = False) -> Frame:
    """Read a vision_msgs/Detection2DArray, as rclpy or as rosbags gives it.

    Of several hypotheses of a box the one with the best score counts, the first of equal ones. A
    box without any is of the class "". Of a box that is rotated, the upright one around it counts.

    Args:
        message: the array.
        truth: it is ground truth: no score is needed, but a box must have an area.
    """
    stamp = message.header.stamp
    rows: list[tuple[float, float, float, float, float]] = []
    names = []
    for detection in message.detections:
        best = max(
            (result.hypothesis for result in detection.results),
            key=lambda hypothesis: hypothesis.score,
            default=None,
        )
        x, y, width, height = _upright(detection.bbox)
        score = 1.0 if truth or best is None else best.score
        rows.append((x - width / 2, y - height / 2, width, height, score))
        names.append("" if best is None else best.class_id)
    table = np.array(rows, np.float64).reshape(-1, 5)
    least = table[:, 2:4].min(axis=1)
    good = np.asarray(np.isfinite(table).all(axis=1) & ((least > 0) if truth else (least >= 0)))
    return Frame(
        stamp_ns=int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec),
        boxes=table[good, :4],
        scores=table[good, 4],
        names=tuple(names[place] for place in np.flatnonzero(good)),
        unreadable=int((~good).sum()),
    )


def _upright(box: Any) -> tuple[float, float, float, float]:
    """Return centre and size of a BoundingBox2D, or of the upright box around it."""
    x, y, theta = centre(box)
    width, height = box.size_x, box.size_y
    if not theta or not math.isfinite(theta):
        return x, y, width, height
    across, along = abs(math.cos(theta)), abs(math.sin(theta))
    return x, y, width * across + height * along, width * along + height * across
