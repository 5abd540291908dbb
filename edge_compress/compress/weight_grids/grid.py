"""The few values that a weight may take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TypeVar

from torch import Tensor

GridT = TypeVar("GridT", bound="Grid")


@dataclass(frozen=True, eq=False)
class Grid(ABC):
    """Points for each row of a weight; see `as_rows`.

    Attributes:
        points: float32 [rows, n], what training may learn: steps, scales or levels.
    """

    points: Tensor

    @property
    @abstractmethod
    def largest_code(self) -> int:
        """How many steps the farthest point is from zero; 1 where the points are the values."""

    @abstractmethod
    def project(self, rows: Tensor) -> Tensor:
        """The point for each element. What lies on a point stays there, to the bit.

        Args:
            rows: float32 [rows, elements].
        """

    @abstractmethod
    def project_with_gradient(self, rows: Tensor) -> Tensor:
        """As `project`, with gradients for `points`, and straight through for the elements.

        Bengio et al., arXiv:1308.3432 (straight through); Esser et al., arXiv:1902.08153.
        """

    def with_points(self: GridT, points: Tensor) -> GridT:
        """The same grid at other points."""
        return replace(self, points=points)


def straight_through(rows: Tensor, projected: Tensor) -> Tensor:
    """`projected`, whose gradient goes to `rows` unchanged and to `projected` as well."""
    return projected + (rows - rows.detach())
