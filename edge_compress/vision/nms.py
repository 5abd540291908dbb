"""Greedy non-maximum suppression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_compress.vision.boxes import iou_matrix

# Boxes compared at once: large enough to leave Python rarely, small enough to stay in cache.
_BLOCK = 256


def nms(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    iou_threshold: float,
    max_detections: int,
) -> NDArray[np.int64]:
    """Keep the best of the boxes of one class that overlap; classes do not suppress each other.

    Args:
        boxes: [n, 4], x1 y1 x2 y2.
        scores: [n].
        class_ids: [n].
        iou_threshold: a box is dropped when its IoU with a better one is greater than this.
        max_detections: stop after this many.

    Returns:
        int64 [k], indices of the kept boxes, best score first; of equal scores the earlier first.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        if kept:
            block = block[
                ~_overlaps(boxes, class_ids, block, np.asarray(kept), iou_threshold).any(1)
            ]
        beats = _overlaps(boxes, class_ids, block, block, iou_threshold)
        dead = np.zeros(len(block), bool)
        for position, index in enumerate(block.tolist()):
            if dead[position]:
                continue
            kept.append(index)
            if len(kept) == max_detections:
                return np.asarray(kept, np.int64)
            dead |= beats[position]
    return np.asarray(kept, np.int64)


def _overlaps(
    boxes: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    iou_threshold: float,
) -> NDArray[np.bool_]:
    overlaps: NDArray[np.bool_] = iou_matrix(boxes[rows], boxes[columns]) > iou_threshold
    overlaps &= class_ids[rows][:, None] == class_ids[columns][None, :]
    return overlaps
