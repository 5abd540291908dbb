"""The distinct values of a weight, in the whole or channel by channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST = 256  # values of a channel; more do not fit 8 bits
_GLANCE = 2048  # elements that nearly always tell a dense weight


@dataclass(frozen=True)
class Levels:
    """A weight as indices into tables of its values.

    Attributes:
        shape: of the weight.
        axis: along which each channel has a table of its own; None where all share one.
        tables: the distinct values of each channel, ascending float32.
        codes: int64 [channels, elements], an index into the channel's table for each element.
    """

    shape: tuple[int, ...]
    axis: int | None
    tables: tuple[NDArray[np.float32], ...]
    codes: NDArray[np.int64]

    def in_shape(self, per_element: NDArray[np.int64]) -> NDArray[np.int64]:
        """[channels, elements] in the weight's own shape."""
        if self.axis is None:
            return per_element.reshape(self.shape)
        rest = tuple(n for i, n in enumerate(self.shape) if i != self.axis)
        moved = per_element.reshape(self.shape[self.axis], *rest)
        return np.ascontiguousarray(np.moveaxis(moved, 0, self.axis))

    def broadcast_shape(self) -> tuple[int, ...]:
        """The shape of a value for each channel that multiplies the weight: [1, channels, 1, 1]."""
        return tuple(n if i == self.axis else 1 for i, n in enumerate(self.shape))


def find_levels(weight: NDArray[np.float32], axis: int | None) -> Levels | None:
    """The levels of a weight; None when a channel has more than 256."""
    count = 1 if axis is None else weight.shape[axis]
    tables, codes = [], []
    for channel in range(count):
        values = (weight if axis is None else weight.take(channel, axis)).reshape(-1)
        if len(np.unique(values[:_GLANCE])) > MOST:
            return None
        table = np.unique(values)
        if len(table) > MOST:
            return None
        tables.append(table)
        codes.append(np.searchsorted(table, values))  # much faster than unique's own inverse
    return Levels(weight.shape, axis, tuple(tables), np.stack(codes).astype(np.int64, copy=False))
