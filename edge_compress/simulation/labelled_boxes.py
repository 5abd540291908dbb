"""The boxes of what is seen, from an image that says of each pixel what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray


class LabelledBox(NamedTuple):
    """What is seen of one labelled visual.

    The box goes from edge to edge of its outermost pixels: that of a single pixel is 1 wide.
    Gazebo's box cameras go from index to index of these pixels, which is 1 less.

    Attributes:
        label: of the visual.
        x1: left edge, pixels.
        y1: upper edge.
        x2: right edge.
        y2: lower edge.
        pixels: how many are seen.
    """

    label: int
    x1: float
    y1: float
    x2: float
    y2: float
    pixels: int


def labelled_boxes(
    segments: NDArray[np.uint16], labels: Mapping[int, int]
) -> tuple[LabelledBox, ...]:
    """Return a box around the visible pixels of each segment that has a label.

    Args:
        segments: uint16 [height, width], the number of what is seen.
        labels: of each number that has one.
    """
    if not labels:
        return ()
    bins = max(labels) + 1
    counts = cv2.calcHist([segments], [0], None, [bins], [0, bins]).ravel()
    boxes = []
    for number, label in labels.items():
        if counts[number]:
            x, y, width, height = cv2.boundingRect((segments == number).view(np.uint8))
            boxes.append(LabelledBox(label, x, y, x + width, y + height, int(counts[number])))
    return tuple(boxes)
