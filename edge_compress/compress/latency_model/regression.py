"""What the kernels of one family take, learnt from a device table's rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LinearRegression

from edge_compress.compress.latency_model.work import features, work
from edge_compress.inference.device_table.kernel import Kernel

# So few rows say how fast a kernel is, but not how that depends on its shape.
_FEW = 16
_TREES = 50
_LEAST_MS = 5e-4


class FamilyModel:
    """Time as a sum of prices, corrected by trees.

    The prices (of a call, a multiply-accumulate, a value read, written, a weight; none below 0)
    reach beyond the sizes that were measured, as trees cannot; the trees know the steps and edges
    of real kernels, as prices do not. Trees: Geurts et al., "Extremely randomized trees", 2006;
    kernel by kernel: Zhang et al., "nn-Meter", MobiSys 2021.
    """

    def __init__(self, kernels: Sequence[Kernel], ms: Sequence[float], block: int) -> None:
        """Learn from kernels of one family and their milliseconds."""
        self._block = block
        times = np.asarray(ms)
        parts = self._parts(kernels)
        largest = parts.max(axis=0)
        largest[largest == 0] = 1
        # Divided by the time itself: it is the relative error that counts.
        fit = LinearRegression(positive=True, fit_intercept=False)
        self._prices = (
            fit.fit(parts / largest / times[:, None], np.ones(len(times))).coef_ / largest
        )
        ratios = np.log(times / self._priced(kernels))
        self._shift = float(np.median(ratios))
        self._trees: ExtraTreesRegressor | None = None
        if len(kernels) >= _FEW:
            self._trees = ExtraTreesRegressor(_TREES, min_samples_leaf=2, random_state=0)
            self._trees.fit(self._features(kernels), ratios)

    def predict(self, kernels: Sequence[Kernel]) -> NDArray[np.float64]:
        """Milliseconds of each, float64 [n]."""
        ratios = self._shift
        if self._trees is not None:
            ratios = self._trees.predict(self._features(kernels))
        predicted: NDArray[np.float64] = self._priced(kernels) * np.exp(ratios)
        return predicted

    def _priced(self, kernels: Sequence[Kernel]) -> NDArray[np.float64]:
        priced: NDArray[np.float64] = np.maximum(self._parts(kernels) @ self._prices, _LEAST_MS)
        return priced

    def _parts(self, kernels: Sequence[Kernel]) -> NDArray[np.float64]:
        return np.asarray([(1.0, *work(kernel, self._block)) for kernel in kernels])

    def _features(self, kernels: Sequence[Kernel]) -> NDArray[np.float64]:
        return np.asarray([features(kernel, self._block) for kernel in kernels])
