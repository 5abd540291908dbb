"""How weights are trained that lie on a grid: latent floats, rounded in the forward pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from edge_compress.compress.weight_grids.grid import Grid
from edge_compress.compress.weight_grids.rows import as_rows, from_rows
from edge_compress.compress.weight_grids.rule import GridRule


class GriddedWeight(nn.Module, ABC):
    """Maps a latent weight to its grid, in training and after."""

    points: Tensor

    def __init__(self, grid: Grid, axis: int | None) -> None:
        super().__init__()
        self._grid = grid
        self._axis = axis
        self.frozen = False

    @property
    @abstractmethod
    def grid(self) -> Grid:
        """The grid as it is now."""

    @abstractmethod
    def freeze(self) -> None:
        """Let the grid stay as it is; only the weights go on learning."""

    def forward(self, weight: Tensor) -> Tensor:
        """The weight on its grid, in its own shape."""
        rows = as_rows(weight, self._axis)
        return from_rows(self._forward(rows), weight, self._axis)

    @abstractmethod
    def _forward(self, rows: Tensor) -> Tensor: ...


class StraightThrough(GriddedWeight):
    """The grid follows the latent weights, and gradients pass the rounding unchanged.

    Bengio et al., arXiv:1308.3432; Courbariaux et al., "BinaryConnect", arXiv:1511.00363.
    """

    def __init__(self, grid: Grid, axis: int | None, rule: GridRule) -> None:
        super().__init__(grid, axis)
        self._rule = rule
        # What a grid holds besides its points follows as well, and is to be averaged and restored.
        self._names = [name for name, value in vars(grid).items() if isinstance(value, Tensor)]
        for name in self._names:
            self.register_buffer(name, getattr(grid, name).clone())

    @property
    def grid(self) -> Grid:
        """The grid of the last forward pass."""
        tensors: dict[str, Any] = {name: getattr(self, name) for name in self._names}
        return replace(self._grid, **tensors)

    def freeze(self) -> None:
        """Let the grid stay as it is."""
        self.frozen = True

    def _forward(self, rows: Tensor) -> Tensor:
        if not self.frozen:
            with torch.no_grad():
                followed = self._rule.follow(self.grid, rows.detach())
                for name in self._names:
                    getattr(self, name).copy_(getattr(followed, name))
        return self.grid.project_with_gradient(rows)


class LearnedStep(GriddedWeight):
    """Steps, scales or levels that are trained by the loss together with the weights.

    What is learnt is a factor of each point, so that Adam, whose steps have the same length
    whatever the gradient's, moves it by a share of itself; SGD hardly moves it at all. Esser et
    al., "Learned Step Size Quantization", arXiv:1902.08153, with its gradient scale.
    """

    base: Tensor

    def __init__(self, grid: Grid, axis: int | None) -> None:
        super().__init__(grid, axis)
        self.register_buffer("base", grid.points.clone())
        self.factor = nn.Parameter(torch.ones_like(grid.points))

    @property
    def grid(self) -> Grid:
        """The grid with what was learnt."""
        return self._grid.with_points((self.base * self.factor).detach())

    def freeze(self) -> None:
        """Let the points stay as they are."""
        self.frozen = True
        self.factor.requires_grad_(False)

    def _forward(self, rows: Tensor) -> Tensor:
        slow = self.factor * (rows.shape[1] * self._grid.largest_code) ** -0.5
        factor = self.factor.detach() + (slow - slow.detach())
        return self._grid.with_points(self.base * factor).project_with_gradient(rows)
