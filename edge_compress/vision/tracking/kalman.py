"""Kalman filters of many boxes, side by side in arrays.

The centre moves with constant velocity that white noise accelerates, the size drifts; Bar-Shalom
et al., "Estimation with Applications to Tracking and Navigation", 2001, section 6.2.2. Noise
grows with the box, as in Wojke et al., "Simple Online and Realtime Tracking with a Deep
Association Metric", arXiv:1703.07402, and by width and height, as in Aharon et al., "BoT-SORT",
arXiv:2206.14651. Theirs counts frames; this one seconds, so that frames may come when they like.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# In sizes of the box (width across, height down), seconds and their roots.
_MEASURED = 0.05  # standard deviation of a detected box
_ACCELERATION = 1.0  # how much the centre's velocity changes: 1 / s in a second, 2 in four
_DRIFT = 0.3  # how much the size changes
_FIRST_VELOCITY = 2.0  # standard deviation of the velocity that nobody has seen yet

# The four values of a box: centre x, centre y, width, height.
_MOVES = np.asarray([1.0, 1.0, 0.0, 0.0])


class BoxFilters:
    """One filter a box. The four values of a box do not depend on each other.

    Attributes:
        values: [n, 4], centre x, centre y, width, height, in pixels.
        velocities: [n, 4], pixels per second; a size has none.
    """

    def __init__(self) -> None:
        """Begin without boxes."""
        self.values: Array = np.zeros((0, 4))
        self.velocities: Array = np.zeros((0, 4))
        # Variance of the value, covariance of value and velocity, variance of the velocity.
        self._pp, self._pv, self._vv = (np.zeros((0, 4)) for _ in range(3))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def boxes(self) -> NDArray[np.float32]:
        """Where the boxes are, float32 [n, 4], x1 y1 x2 y2."""
        half = self.values[:, 2:] / 2
        corners = [self.values[:, :2] - half, self.values[:, :2] + half]
        return np.concatenate(corners, axis=1).astype(np.float32)

    def predict(self, seconds: float) -> None:
        """Move all boxes to where they should be that much later."""
        t = seconds
        sizes = self._sizes()
        noise = (_ACCELERATION * sizes) ** 2 * _MOVES
        drift = (_DRIFT * sizes) ** 2 * (1 - _MOVES)
        self.values = self.values + self.velocities * t
        self._pp = self._pp + 2 * t * self._pv + t * t * self._vv + noise * t**3 / 3 + drift * t
        self._pv = self._pv + t * self._vv + noise * t * t / 2
        self._vv = self._vv + noise * t

    def update(self, rows: NDArray[np.int64], boxes: NDArray[np.float32]) -> None:
        """Correct some boxes, each once, by where they were seen: [k] rows, [k, 4] xyxy."""
        seen = _centred(boxes)
        sizes = np.tile(seen[:, 2:], 2)
        pp, pv, vv = self._pp[rows], self._pv[rows], self._vv[rows]
        total = pp + (_MEASURED * sizes) ** 2
        surprise = seen - self.values[rows]
        self.values[rows] += pp / total * surprise
        self.velocities[rows] += pv / total * surprise
        self._pp[rows] = pp - pp * pp / total
        self._pv[rows] = pv - pp * pv / total
        self._vv[rows] = vv - pv * pv / total

    def add(self, boxes: NDArray[np.float32]) -> None:
        """Begin to follow more boxes, [k, 4] xyxy; their rows come after the others."""
        seen = _centred(boxes)
        sizes = np.tile(seen[:, 2:], 2)
        still = np.zeros_like(seen)
        self.values = np.concatenate([self.values, seen])
        self.velocities = np.concatenate([self.velocities, still])
        self._pp = np.concatenate([self._pp, (_MEASURED * sizes) ** 2])
        self._pv = np.concatenate([self._pv, still])
        self._vv = np.concatenate([self._vv, (_FIRST_VELOCITY * sizes) ** 2 * _MOVES])

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget all other boxes."""
        self.values, self.velocities = self.values[rows], self.velocities[rows]
        self._pp, self._pv, self._vv = self._pp[rows], self._pv[rows], self._vv[rows]

    def _sizes(self) -> Array:
        return np.tile(self.values[:, 2:], 2)


def _centred(boxes: NDArray[np.float32]) -> Array:
    """Turn xyxy into centre x, centre y, width and height."""
    corners = boxes.astype(np.float64)
    # A box without an area gets one: noise is measured by it.
    size = np.maximum(corners[:, 2:] - corners[:, :2], 1.0)
    return np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, size], axis=1)
