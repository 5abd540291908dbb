"""Box sizes as COCO has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Smaller than 32 x 32 pixels, than 96 x 96, and the rest (cocodataset.org/#detection-eval).
SIZES = ("small", "medium", "large")
LIMITS = (32.0**2, 96.0**2)


def size_of(boxes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index into `SIZES` of boxes [n, 4] of left, top, width, height."""
    sizes: NDArray[np.int64] = np.searchsorted(LIMITS, boxes[:, 2] * boxes[:, 3], side="right")
    return sizes
