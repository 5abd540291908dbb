"""A codebook: a few values that lie where the weights are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edge_compress.compress.weight_grids.grid import Grid, straight_through

_ROUNDS = 100


@dataclass(frozen=True, eq=False)
class LevelGrid(Grid):
    """`points` are the values themselves, ascending, [rows, levels]."""

    @property
    def largest_code(self) -> int:
        """The points are the values."""
        return 1

    def project(self, rows: Tensor) -> Tensor:
        """The nearest level."""
        return self.points.gather(1, _nearest(self.points, rows))

    def project_with_gradient(self, rows: Tensor) -> Tensor:
        """The nearest level; a level's gradient is the sum of those of its elements.

        Han et al., arXiv:1510.00149, section 3.3.
        """
        points = self.points.sort(1).values
        values = points.gather(1, _nearest(points.detach(), rows))
        return straight_through(rows, values)


def k_means(rows: Tensor, levels: int) -> LevelGrid:
    """Levels that leave the least Σ (w - w')², found by Lloyd's iteration from even ones.

    Zeros do not count: they are what pruning has left, and stay zeros. Han et al., "Deep
    Compression", arXiv:1510.00149, section 3; Lloyd, 1982.

    Args:
        rows: float32 [rows, elements].
        levels: how many for each row, at least 2.
    """
    alive = rows != 0
    least = rows.masked_fill(~alive, torch.inf).amin(1, keepdim=True)
    greatest = rows.masked_fill(~alive, -torch.inf).amax(1, keepdim=True)
    empty = ~alive.any(1, keepdim=True)
    least, greatest = least.masked_fill(empty, 0), greatest.masked_fill(empty, 0)
    shares = torch.linspace(0, 1, levels, device=rows.device)
    grid = LevelGrid(least + (greatest - least) * shares)
    for _ in range(_ROUNDS):
        moved = one_round(grid, rows)
        if torch.equal(moved.points, grid.points):
            break
        grid = moved
    return grid


def one_round(grid: LevelGrid, rows: Tensor) -> LevelGrid:
    """Each level at the mean of the elements that are nearest to it."""
    points = grid.points.sort(1).values
    nearest = _nearest(points, rows)
    counts = torch.zeros_like(points).scatter_add_(1, nearest, (rows != 0).to(rows))
    sums = torch.zeros_like(points).scatter_add_(1, nearest, rows)
    means = torch.where(counts > 0, sums / counts.clamp(min=1), points)
    return LevelGrid(means.sort(1).values)


def _nearest(points: Tensor, rows: Tensor) -> Tensor:
    middles = (points[:, 1:] + points[:, :-1]) / 2
    return torch.searchsorted(middles.contiguous(), rows.contiguous())
