"""How well a search went, and whether that was luck."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import mannwhitneyu

from benchmarks.search.table import Architecture

Array = npt.NDArray[np.float64]


def regrets(asked: Sequence[Architecture], best: float) -> Array:
    """Points of accuracy that the best found so far is below `best`, after each evaluation."""
    accuracies = np.array([architecture.accuracy for architecture in asked])
    return 100 * (best - np.maximum.accumulate(accuracies))


def volume_shares(asked: Sequence[Architecture], everything: Sequence[Architecture]) -> Array:
    """Dominated area by that of the true front after each evaluation, 0-1.

    The area between accuracy and the logarithm of the MACs (Zitzler and Thiele, 1999), from the
    worst of both in the table.
    """
    points = [_point(architecture) for architecture in asked]
    worst = tuple(np.min([_point(architecture) for architecture in everything], axis=0))
    whole = _area([_point(architecture) for architecture in everything], worst)
    return np.array([_area(points[: i + 1], worst) / whole for i in range(len(points))])


def p_value(ours: Array, rival: Array, *, smaller_is_better: bool) -> float:
    """Chance that ours were as much better if both were alike: Mann and Whitney, 1947, one-sided.

    Args:
        ours: one figure a seed.
        rival: the same of the other algorithm.
        smaller_is_better: what the figure says.
    """
    alternative = "less" if smaller_is_better else "greater"
    return float(mannwhitneyu(ours, rival, alternative=alternative).pvalue)


def _point(architecture: Architecture) -> tuple[float, float]:
    """Accuracy and negative logarithm of the MACs: both are better when greater."""
    return architecture.accuracy, -float(np.log(architecture.macs))


def _area(points: Iterable[tuple[float, float]], worst: tuple[float, float]) -> float:
    """Of what at least one of the points dominates."""
    area, highest = 0.0, worst[1]
    for x, y in sorted(points, reverse=True):  # from the greatest x to the least
        if y > highest:
            area += (x - worst[0]) * (y - highest)
            highest = y
    return area
