"""Which kind of grid a layer's weights are to lie on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from edge_compress.compress.weight_grids.grid import Grid
from edge_compress.compress.weight_grids.levels import LevelGrid, k_means, one_round
from edge_compress.compress.weight_grids.signs import binary, ternary
from edge_compress.compress.weight_grids.uniform import (
    UniformGrid,
    affine,
    of_least_error,
    refined,
    symmetric,
)

Scheme = Literal["symmetric", "affine", "levels", "ternary", "binary"]
Scale = Literal["max", "least_error"]
BITS: dict[Scheme, int] = {"ternary": 2, "binary": 1}  # schemes that leave no choice


@dataclass(frozen=True)
class GridRule:
    """How a weight's grid is made.

    Attributes:
        scheme: even about zero, even with a zero point, k-means, {-α, 0, α} or {-α, α}.
        bits: a point takes; there are at most 2^bits.
        per_channel: each output channel has points of its own.
        scale: of even grids: nothing is clipped, or the squared error is least.
    """

    scheme: Scheme = "symmetric"
    bits: int = 8
    per_channel: bool = True
    scale: Scale = "max"

    def fit(self, rows: Tensor) -> Grid:
        """The grid for a weight, see `as_rows`."""
        if self.scheme == "levels":
            return k_means(rows, 2**self.bits)
        if self.scheme == "ternary":
            return ternary(rows)
        if self.scheme == "binary":
            return binary(rows)
        grid = (symmetric if self.scheme == "symmetric" else affine)(rows, self.bits)
        return grid if self.scale == "max" else of_least_error(grid, rows)

    def follow(self, grid: Grid, rows: Tensor) -> Grid:
        """The grid a little later in training, when the weights have moved a little."""
        if isinstance(grid, LevelGrid):
            return one_round(grid, rows)
        if isinstance(grid, UniformGrid) and self.scale == "least_error":
            return refined(grid, rows)
        return self.fit(rows)
