"""The step that values are whole multiples of: a greatest common divisor of rounded numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGEST_MULTIPLE = 255  # an unsigned 8-bit grid with its zero at the end
TOLERANCE = 1e-6  # relative; float32 rounds by 6e-8, once for the grid and once for batch norm
_MULTIPLES = np.arange(1, LARGEST_MULTIPLE + 1, dtype=np.float64)[:, None]
_PROBES = 8  # values that nearly always tell a step that does not fit


def common_step(values: NDArray[np.float32]) -> float | None:
    """The largest step of which every value is a whole multiple.

    Args:
        values: distinct, zero or not, finite.

    Returns:
        The step, above 0; None when there is none of which the largest is at most the 255-fold.
    """
    sizes = np.abs(values[values != 0]).astype(np.float64)
    if not sizes.size:
        return None
    shares = np.sort(sizes)[::-1] / sizes.max()
    probes = shares[:: max(1, len(shares) // _PROBES)]
    for multiple in _MULTIPLES[_whole(_MULTIPLES * probes).all(axis=1), 0]:
        if _whole(multiple * shares).all():
            whole = np.rint(multiple * shares)
            return float(whole @ shares / (whole @ whole) * sizes.max())
    return None


def _whole(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.abs(numbers - np.rint(numbers)) <= TOLERANCE * numbers)
