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
        hits: [n, t], whether each has found an object.
        ignored: [n, t], whether it does not count.
        objects: how many there were to find, at least 1.

    Returns:
        float64 [t, 101], 0-1.
    """
    order = np.argsort(-scores, kind="stable")
    counted = ~ignored[order]
    right = np.cumsum(hits[order] & counted, axis=0).T.astype(np.float64)
    wrong = np.cumsum(~hits[order] & counted, axis=0).T.astype(np.float64)
    recall = right / objects
    precision = right / (wrong + right + np.spacing(1))
    best_from_here = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    curve = np.zeros((len(recall), len(RECALLS)))
    for row, (reached, best) in enumerate(zip(recall, best_from_here, strict=True)):
        places = np.searchsorted(reached, RECALLS, side="left")
        within = places < len(reached)
        curve[row, within] = best[places[within]]
    return curve
