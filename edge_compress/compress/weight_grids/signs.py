"""Weights that are a sign times a scale: ternary and binary."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edge_compress.compress.weight_grids.grid import Grid, straight_through

THRESHOLD = 0.7  # of the mean magnitude: near the best for normal and for uniform weights
_SMALLEST = 1e-30


@dataclass(frozen=True, eq=False)
class SignGrid(Grid):
    """-scale, scale, and 0 for what is small; `points` are the scales, [rows, 1].

    Attributes:
        threshold: magnitudes up to this share of the scale become 0, [rows, 1]; negative where
            there is no 0.
    """

    threshold: Tensor

    @property
    def largest_code(self) -> int:
        """The scale is one step."""
        return 1

    def project(self, rows: Tensor) -> Tensor:
        """The sign times the scale, or 0."""
        return self._signs(rows) * self.points

    def project_with_gradient(self, rows: Tensor) -> Tensor:
        """The sign times the scale, or 0; the gradient goes straight through."""
        return straight_through(rows, self._signs(rows) * self.points)

    def _signs(self, rows: Tensor) -> Tensor:
        signs = torch.where(rows.detach() < 0, -1.0, 1.0)
        return signs * (rows.detach().abs() > self.threshold * self.points.detach())


def ternary(rows: Tensor) -> SignGrid:
    """-α, 0, α: 0 up to 0.7 mean|w|, and α the mean magnitude of the others.

    Li et al., "Ternary Weight Networks", arXiv:1605.04711. Zeros do not count: they are what
    pruning has left.

    Args:
        rows: float32 [rows, elements].
    """
    sizes = rows.abs()
    threshold = THRESHOLD * _mean(sizes, sizes > 0)
    scale = _mean(sizes, sizes > threshold)
    return SignGrid(scale, threshold / scale)


def binary(rows: Tensor) -> SignGrid:
    """-α and α, the mean magnitude: the best for the signs there are.

    Rastegari et al., "XNOR-Net", arXiv:1603.05279, equation 6. Zeros do not count: they are what
    pruning has left.

    Args:
        rows: float32 [rows, elements].
    """
    scale = _mean(rows.abs(), rows != 0)
    return SignGrid(scale, torch.full_like(scale, -1.0))


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean of the chosen values of each row, above 0."""
    count = chosen.sum(1, keepdim=True).clamp(min=1)
    return ((values * chosen).sum(1, keepdim=True) / count).clamp(min=_SMALLEST)
