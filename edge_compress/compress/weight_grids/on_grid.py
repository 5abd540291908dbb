"""The mark of a layer whose weights lie on a grid."""

from __future__ import annotations

import copy
from typing import ClassVar, Literal, cast

import numpy as np
from torch import Tensor, nn

from edge_compress.compress.constraints import Constraint
from edge_compress.compress.packing.multiples import common_step
from edge_compress.compress.weight_grids.grid import Grid
from edge_compress.compress.weight_grids.learning import GriddedWeight, LearnedStep, StraightThrough
from edge_compress.compress.weight_grids.rows import as_rows, channel_axis, from_rows
from edge_compress.compress.weight_grids.rule import GridRule
from edge_compress.compress.weight_grids.uniform import UniformGrid

Method = Literal["straight_through", "learned_step"]
TOLERANCE = 1e-6  # relative, of float32


class OnGrid(Constraint):
    """A layer's weights take few values, by tensor or by channel.

    Attributes:
        rule: the kind of grid.
        grid: the points as they were when the weights were last put there; of no use any more
            when a later pass has cut or scaled the weights.
        latent: the float weights that were rounded then, which training goes on from; likewise.
    """

    order: ClassVar[int] = 0

    def __init__(self, rule: GridRule, layer: nn.Module, method: Method) -> None:
        """A rule for a layer that is not on its grid yet; `constrain` and `restore` put it there.

        Args:
            rule: the kind of grid.
            layer: a convolution or linear layer.
            method: how later training treats the grid.
        """
        self.rule = rule
        self.grid: Grid | None = None
        self.latent: Tensor | None = None
        self._axis = channel_axis(layer) if rule.per_channel else None
        self._method = method

    def parametrization(self, weight: Tensor) -> nn.Module:
        """Latent floats from here on, rounded in the forward pass."""
        rows = as_rows(weight, self._axis)
        grid = self.grid if self.grid is not None and _lie_on(self.grid, rows) else None
        grid = grid or self.rule.fit(rows)
        if self._method == "learned_step":
            return LearnedStep(grid, self._axis)
        return StraightThrough(grid, self._axis, self.rule)

    def applied(self, weight: Tensor) -> Tensor:
        """The nearest weight on a grid of this kind; itself where it is on one."""
        rows = as_rows(weight, self._axis)
        if self.grid is not None and (_lie_on(self.grid, rows) or self._lie_on_some(rows)):
            return weight
        self.grid, self.latent = self.rule.fit(rows), weight.clone()
        return from_rows(self.grid.project(rows), weight, self._axis)

    def beginning(self, weight: Tensor) -> Tensor:
        """The float weights, where these are still what they were rounded to or zeros."""
        if self.grid is None or self.latent is None or self.latent.shape != weight.shape:
            return weight
        rows = as_rows(weight, self._axis)
        latent = as_rows(self.latent.to(weight), self._axis)
        if not _equal(rows, self.grid.project(latent)):
            return weight
        return from_rows(latent.masked_fill(rows == 0, 0.0), weight, self._axis)

    def learnt(self, parametrization: nn.Module, latent: Tensor) -> OnGrid:
        """The same rule with the grid and the floats as training has left them."""
        made = copy.copy(self)
        made.grid, made.latent = cast("GriddedWeight", parametrization).grid, latent
        return made

    def _lie_on_some(self, rows: Tensor) -> bool:
        """Whether each row has as few values as the rule allows, evenly spaced where it says so.

        So it is still after a cut, and after each channel was scaled, as by equalization.
        """
        even = isinstance(self.grid, UniformGrid)
        most = 2**self.rule.bits
        for row in rows.detach().cpu().numpy():
            values = np.unique(row[row != 0])
            if len(values) > most:
                return False
            if even and len(values):
                step = common_step(values)
                least, greatest = min(values.min(), 0), max(values.max(), 0)
                if step is None or round((greatest - least) / step) >= most:
                    return False
        return True


def _lie_on(grid: Grid, rows: Tensor) -> bool:
    """Whether the rows are points of this very grid, or zeros that pruning has left."""
    return len(grid.points) == len(rows) and _equal(rows, grid.project(rows))


def _equal(rows: Tensor, points: Tensor) -> bool:
    away = (points - rows).abs()
    return bool(((away <= TOLERANCE * rows.abs()) | (rows == 0)).all())


def freeze_grids(module: nn.Module) -> None:
    """Let the grids of a module that is being trained stay as they are."""
    for part in module.modules():
        if isinstance(part, GriddedWeight):
            part.freeze()
