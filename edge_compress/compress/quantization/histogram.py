"""A histogram of a stream of unknown range, in bounded memory, and the range it says is best."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

BINS = 8192
SHARES = np.linspace(0.05, 1.0, 39)  # of an end of the range that are tried


class Histogram:
    """Counts of the values seen, in bins of equal width from -limit to limit.

    When a value lies outside, the limit doubles and neighbouring bins are merged: edges stay where
    they were, so that no count is ever guessed, and memory stays the same. Zeros are not counted,
    since 0 has no error in any range of an asymmetric or a symmetric quantizer.

    Attributes:
        counts: int64 [BINS].
        limit: a power of 2, or 0 while nothing but zeros was seen.
        lowest: least value seen, at most 0.
        highest: largest value seen, at least 0.
    """

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(BINS, np.int64)
        self.limit = 0.0
        self.lowest = 0.0
        self.highest = 0.0

    def add(self, values: NDArray[np.float32]) -> None:
        """Count values of any shape.

        Raises:
            ValueError: when one of them is not a finite number.
        """
        if not values.size:
            return
        lowest, highest = float(values.min()), float(values.max())
        if not np.isfinite(lowest) or not np.isfinite(highest):
            raise ValueError("a value is not finite")
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)
        self._widen(max(-lowest, highest))
        if not self.limit:
            return
        flat = np.ascontiguousarray(values, np.float32).reshape(-1, 1)
        bins = cv2.calcHist([flat], [0], None, [BINS], [-self.limit, self.limit])
        self.counts += bins.reshape(-1).astype(np.int64)
        self.counts[BINS // 2] -= flat.size - np.count_nonzero(flat)

    def _widen(self, largest: float) -> None:
        if largest < self.limit or not largest:
            return
        limit = 2.0 ** (np.floor(np.log2(largest)) + 1)  # beyond the largest
        while self.limit and self.limit < limit and self.counts.any():
            merged = self.counts.reshape(-1, 2).sum(1)
            self.counts = np.zeros(BINS, np.int64)
            self.counts[BINS // 4 : BINS // 4 + BINS // 2] = merged
            self.limit *= 2.0
        self.limit = float(limit)

    def least_error_range(self, *, symmetric: bool) -> tuple[float, float]:
        """The range whose 8-bit quantization has the least squared error over all that was seen.

        Clipping more costs at the ends and gains finer steps in between. Both ends are tried
        together, then each on its own. Nagel et al., arXiv:2106.08295, section 2.3.1 (MSE).

        Args:
            symmetric: 255 levels around a zero point of 0, else 256 between the two ends.

        Returns:
            The lower end, at most 0, and the upper one, at least 0.
        """
        used = np.flatnonzero(self.counts)
        if not used.size:
            return self.lowest, self.highest
        width = 2.0 * self.limit / BINS
        centres = np.asarray((used + 0.5) * width - self.limit, np.float64)
        counts = self.counts[used].astype(np.float64)

        def error(low: float, high: float) -> float:
            step = (high - low) / (254 if symmetric else 255)
            return _squared_error(centres, counts, width, step, low, high)

        if symmetric:
            most = max(-self.lowest, self.highest)
            best = min((float(share) * most for share in SHARES), key=lambda end: error(-end, end))
            return -best, best
        share = min(SHARES, key=lambda s: error(s * self.lowest, s * self.highest))
        low, high = float(share) * self.lowest, float(share) * self.highest
        high = min((float(s) * self.highest for s in SHARES), key=lambda end: error(low, end))
        low = min((float(s) * self.lowest for s in SHARES), key=lambda end: error(end, high))
        return low, high


def _squared_error(
    centres: NDArray[np.float64],
    counts: NDArray[np.float64],
    width: float,
    step: float,
    low: float,
    high: float,
) -> float:
    """Sum of squared errors of values that are given by the centres of their bins."""
    if step <= 0.0:
        return float("inf")
    inside = np.clip(centres, low, high)
    clipped = np.square(centres - inside)
    if step < width:  # where within its bin a value lies is not known
        rounded = np.where(clipped > 0.0, 0.0, step * step / 12.0)
    else:
        rounded = np.square(inside - np.rint(inside / step) * step)
    return float((counts * (clipped + rounded)).sum())
