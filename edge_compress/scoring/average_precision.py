"""Average precision of one class, as COCO computes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RECALLS: NDArray[np.float64] = np.linspace(0.0, 1.0, 101)


def precision_curve(
    scores: NDArray[np.float64],
    hits: NDArray[np.bool_],
    ignored: NDArray[np.bool_],
    objects: int,
) -> NDArray[np.float64]:
    """Precision at 101 recalls, at each IoU threshold; its mean is the average precision.

    Lin et al., arXiv:1405.0312; `COCOeval.accumulate` of pycocotools is the definition: precision
    never rises with recall, and is 0 where recall is not reached.

    Args:
        scores: [n] of all detections of the class, frame by frame.
        hits: [t, n], whether each has found an object.
        ignored: [t, n], whether it does not count.
        objects: how many there were to find, at least 1.

    Returns:
        float64 [t, 101], 0-1.
    """
    order = np.argsort(-scores, kind="stable")
    curve = np.zeros((len(hits), len(RECALLS)))
    for row, (hit, out) in enumerate(zip(hits, ignored, strict=True)):
        counted = order[~out[order]]  # what does not count moves neither recall nor precision
        right = np.cumsum(hit[counted])
        recall = right / objects
        precision = right / (np.arange(1, len(right) + 1) + np.spacing(1))
        best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
        places = np.searchsorted(recall, RECALLS, side="left")
        within = places < len(recall)
        curve[row, within] = best_from_here[places[within]]
    return curve
