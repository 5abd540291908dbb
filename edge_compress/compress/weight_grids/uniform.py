"""Evenly spaced points: symmetric about zero, or affine with a zero point."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edge_compress.compress.weight_grids.grid import Grid, straight_through

_SMALLEST_STEP = 1e-30  # of a channel that is all zero
_SHRINK = torch.logspace(0, -1.5, 40)  # shares of the full step to begin a search at
_REFINEMENTS = 5


@dataclass(frozen=True, eq=False)
class UniformGrid(Grid):
    """``step * (code - zero)``; `points` are the steps, [rows, 1].

    Attributes:
        zero: the code of 0, whole numbers [rows, 1].
        low: the least code.
        high: the greatest.
    """

    zero: Tensor
    low: int
    high: int

    @property
    def largest_code(self) -> int:
        """How many steps the farthest point is from zero."""
        return max(abs(self.low), abs(self.high))

    def project(self, rows: Tensor) -> Tensor:
        """The nearest point."""
        return self._multiples(rows) * self.points

    def project_with_gradient(self, rows: Tensor) -> Tensor:
        """The nearest point, with the gradient of the learned step size.

        Where an element is clipped, none goes to the element. Esser et al., arXiv:1902.08153,
        equations 3 and 5.
        """
        shares = rows / self.points
        inside = torch.minimum(torch.maximum(shares, self.low - self.zero), self.high - self.zero)
        return straight_through(inside, self._multiples(rows).detach()) * self.points

    def _multiples(self, rows: Tensor) -> Tensor:
        codes = (rows / self.points).round() + self.zero
        return codes.clamp(self.low, self.high) - self.zero


def symmetric(rows: Tensor, bits: int) -> UniformGrid:
    """w' = q round(w / q) with 2^bits - 1 points from -max|w| to max|w|.

    Krishnamoorthi, arXiv:1806.08342, section 2.2.

    Args:
        rows: float32 [rows, elements].
        bits: at least 2.
    """
    high = 2 ** (bits - 1) - 1
    step = (rows.abs().amax(1, keepdim=True) / high).clamp(min=_SMALLEST_STEP)
    return UniformGrid(step, torch.zeros_like(step), -high, high)


def affine(rows: Tensor, bits: int) -> UniformGrid:
    """2^bits points from the least to the greatest weight, of which zero is one.

    Jacob et al., arXiv:1712.05877, section 2.1.

    Args:
        rows: float32 [rows, elements].
        bits: at least 1.
    """
    high = 2**bits - 1
    least, greatest = (end(rows, 1, keepdim=True) for end in (torch.amin, torch.amax))
    least, greatest = least.clamp(max=0), greatest.clamp(min=0)
    step = ((greatest - least) / high).clamp(min=_SMALLEST_STEP)
    return UniformGrid(step, (-least / step).round(), 0, high)


def of_least_error(grid: UniformGrid, rows: Tensor) -> UniformGrid:
    """The grid shrunk so that Σ (w - w')² is least, at the price of clipping a few.

    Begins at the best of some shares of the full step, then takes in turns the nearest points and
    the step that fits them best. Sung et al., arXiv:1511.06488; Anwar et al., 2015.
    """
    best, least = grid.points, _error(grid, rows)
    for share in _SHRINK:
        tried = grid.with_points(grid.points * share)
        for _ in range(_REFINEMENTS):
            tried = refined(tried, rows)
        error = _error(tried, rows)
        best = torch.where(error < least, tried.points, best)
        least = torch.minimum(error, least)
    return grid.with_points(best)


def refined(grid: UniformGrid, rows: Tensor) -> UniformGrid:
    """The grid with the step that fits the points best which its elements have now."""
    multiples = grid.project(rows) / grid.points
    power = multiples.square().sum(1, keepdim=True)
    step = (rows * multiples).sum(1, keepdim=True) / power.clamp(min=1)
    return grid.with_points(torch.where(step > _SMALLEST_STEP, step, grid.points))


def _error(grid: UniformGrid, rows: Tensor) -> Tensor:
    return (grid.project(rows) - rows).square().sum(1, keepdim=True)
