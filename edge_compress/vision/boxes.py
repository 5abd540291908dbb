"""Box arithmetic on arrays of shape [n, 4]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cxcywh_to_xyxy(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn centre x, centre y, width, height into x1, y1, x2, y2; shape [..., 4]."""
    half = boxes[..., 2:4] * np.float32(0.5)
    return np.concatenate([boxes[..., 0:2] - half, boxes[..., 0:2] + half], axis=-1)


def iou_matrix(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of each box of `a` with each of `b`.

    Args:
        a: [n, 4], x1 y1 x2 y2 with x1 <= x2 and y1 <= y2.
        b: [m, 4], likewise.

    Returns:
        float32 [n, m], 0-1; 0 where neither box has an area.
    """
    # One axis after the other: numpy is slow on arrays whose last dimension is 2.
    across = np.minimum(a[:, None, 2], b[:, 2]) - np.maximum(a[:, None, 0], b[:, 0])
    down = np.minimum(a[:, None, 3], b[:, 3]) - np.maximum(a[:, None, 1], b[:, 1])
    intersection = np.maximum(across, 0.0) * np.maximum(down, 0.0)
    union = _areas(a)[:, None] + _areas(b) - intersection
    # The smallest normal number only guards 0 / 0.
    iou: NDArray[np.float32] = intersection / np.maximum(union, np.finfo(np.float32).tiny)
    return iou


def _areas(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    areas: NDArray[np.float32] = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas
