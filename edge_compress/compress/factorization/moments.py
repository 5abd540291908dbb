"""Mean and covariance of what a layer sees or says, gathered a batch at a time."""

from __future__ import annotations

import torch
from torch import Tensor


class Moments:
    """Mean and covariance of rows, in float64, without keeping the rows."""

    def __init__(self) -> None:
        self._count = 0
        self._sum: Tensor | None = None
        self._products: Tensor | None = None

    def add(self, rows: Tensor) -> None:
        """Count in some rows, [n, features]."""
        rows = rows.detach().double()
        if self._sum is None or self._products is None:
            self._sum = rows.new_zeros(rows.shape[1])
            self._products = rows.new_zeros(rows.shape[1], rows.shape[1])
        self._count += len(rows)
        self._sum += rows.sum(0)
        self._products += rows.T @ rows

    @property
    def mean(self) -> Tensor:
        """[features], float64.

        Raises:
            ValueError: nothing was counted in.
        """
        if self._sum is None:
            raise ValueError("no rows were counted in")
        return self._sum / self._count

    @property
    def covariance(self) -> Tensor:
        """About the mean, [features, features], float64; raises like `mean`."""
        return self.second - torch.outer(self.mean, self.mean)

    @property
    def second(self) -> Tensor:
        """About zero, [features, features], float64; raises like `mean`."""
        if self._products is None:
            raise ValueError("no rows were counted in")
        return self._products / self._count
