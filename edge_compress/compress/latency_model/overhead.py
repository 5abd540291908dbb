"""From the sum of a network's kernels to the whole network, without the profiler."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import QuantileRegressor

from edge_compress.inference.device_table.table import WholeRun

_ENOUGH = 10
_LEAST_SHARE = 0.3  # of the kernels' sum, whatever is taken off


class Overhead:
    """A run's own cost, that of each kernel, and what the kernels' sum is multiplied by.

    The cost of a kernel may be negative: what the profiler itself takes is in each kernel's time.
    """

    def __init__(self, runs: Sequence[WholeRun]) -> None:
        """Learn from networks that were run whole and kernel by kernel."""
        self._factors = np.asarray([0.0, 0.0, 1.0])
        if len(runs) >= _ENOUGH:
            whole = np.asarray([run.p50_ms for run in runs])
            parts = np.asarray([(1.0, run.kernels, run.kernels_ms) for run in runs])
            # Least absolute relative errors: some networks that were disturbed move nothing.
            fit = QuantileRegressor(quantile=0.5, alpha=0, fit_intercept=False)
            self._factors = fit.fit(parts / whole[:, None], np.ones(len(runs))).coef_

    def whole_ms(self, kernels: int, kernels_ms: float) -> float:
        """Milliseconds of a network with so many kernels that take so long together."""
        ms = float(self._factors @ (1.0, kernels, kernels_ms))
        return max(ms, _LEAST_SHARE * kernels_ms)
