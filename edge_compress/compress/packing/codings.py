"""The ways to write a weight in few bits, each exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from edge_compress.compress.packing.additions import Additions, integers
from edge_compress.compress.packing.digits import packed_bytes, write_digits
from edge_compress.compress.packing.levels import MOST, Levels
from edge_compress.compress.packing.multiples import common_step

FLOAT_BYTES = 4


class Coding(Protocol):
    """One way to write one weight."""

    @property
    def payload(self) -> int:
        """Bytes that it takes, without the few of its nodes."""

    def decoded(self) -> NDArray[np.float32]:
        """The weight, computed as the graph does."""

    def write(self, additions: Additions, name: str) -> None:
        """Add the nodes that compute the value `name`."""


@dataclass(frozen=True)
class Constant:
    """One value everywhere."""

    shape: tuple[int, ...]
    value: np.float32

    @property
    def payload(self) -> int:
        """The value itself."""
        return FLOAT_BYTES

    def decoded(self) -> NDArray[np.float32]:
        """The value in the weight's shape."""
        return np.full(self.shape, self.value, np.float32)

    def write(self, additions: Additions, name: str) -> None:
        """One Expand."""
        value = additions.constant(np.array(self.value, np.float32))
        additions.node("Expand", value, additions.constant(integers(*self.shape)), output=name)


@dataclass(frozen=True)
class Raw:
    """The values as they are; float16 where the rest of the file is."""

    values: NDArray[np.float32]

    @property
    def payload(self) -> int:
        """All of them."""
        return FLOAT_BYTES * self.values.size

    def decoded(self) -> NDArray[np.float32]:
        """The values."""
        return self.values

    def write(self, additions: Additions, name: str) -> None:
        """No node at all."""
        additions.constant(self.values, name)


@dataclass(frozen=True)
class Grid:
    """``step * (code + offset)``, with a step for each channel or for all.

    Attributes:
        codes: int64, 0 to base - 1, in the weight's shape.
        base: how many codes there are.
        offset: float32, scalar or broadcast along the channels; whole, or half where zero is no
            point of the grid.
        step: float32, scalar or broadcast along the channels.
    """

    codes: NDArray[np.int64]
    base: int
    offset: NDArray[np.float32]
    step: NDArray[np.float32]

    @property
    def payload(self) -> int:
        """Codes, steps and offsets."""
        parameters = self.step.size + self.offset.size
        return packed_bytes(self.codes.size, self.base) + FLOAT_BYTES * parameters

    def decoded(self) -> NDArray[np.float32]:
        """The weight."""
        return self.step * (self.codes.astype(np.float32) + self.offset)

    def write(self, additions: Additions, name: str) -> None:
        """Digits, Cast, Add, Mul."""
        value = write_digits(additions, self.codes, self.base, to=TensorProto.FLOAT)
        if self.offset.any():
            value = additions.node("Add", value, additions.constant(self.offset))
        additions.node("Mul", value, additions.constant(self.step), output=name)


@dataclass(frozen=True)
class Codebook:
    """``table[code]``: k-means levels, or whatever repeats (Han et al., arXiv:1510.00149).

    Attributes:
        codes: int64, 0 to base - 1, in the weight's shape.
        tables: float32 [channels, base]; one row where all channels share it.
        channels: int64, the number of the row for each element, broadcast along the weight.
    """

    codes: NDArray[np.int64]
    tables: NDArray[np.float32]
    channels: NDArray[np.int64]

    @property
    def base(self) -> int:
        """How many codes there are."""
        return int(self.tables.shape[1])

    @property
    def payload(self) -> int:
        """Codes and tables."""
        return packed_bytes(self.codes.size, self.base) + FLOAT_BYTES * self.tables.size

    def decoded(self) -> NDArray[np.float32]:
        """The weight."""
        return np.take(self.tables, self.codes + self.base * self.channels)

    def write(self, additions: Additions, name: str) -> None:
        """Digits, and a Gather from the tables laid end to end."""
        index = write_digits(additions, self.codes, self.base)
        if len(self.tables) > 1:
            rows = additions.constant(self.base * self.channels)
            index = additions.node("Add", index, rows)
        additions.node("Gather", additions.constant(self.tables.reshape(-1)), index, output=name)


def as_grid(levels: Levels) -> Grid | None:
    """The levels as an even grid; None where a channel's are none.

    A symmetric or affine grid of k bits, a ternary and a binary one are all of this kind, and stay
    so when batch norm is folded in, which multiplies each channel by a factor.
    """
    steps = np.zeros(len(levels.tables))
    multiples = np.zeros(levels.codes.shape, np.int64)
    for channel, table in enumerate(levels.tables):
        if not table.any():
            continue
        step = common_step(table)
        if step is None:
            return None
        steps[channel] = step
        multiples[channel] = np.rint(table / step).astype(np.int64)[levels.codes[channel]]
    alive = steps > 0
    if not alive.any():
        return None
    # A dead channel has step 0: any code will do.
    multiples[~alive] = multiples[alive].max()
    low, base, by = _range(multiples, np.full(len(steps), multiples.min()))
    own = multiples.min(axis=1)
    if _range(multiples, own)[1] < base:  # zero points that differ, as in an affine grid
        low, base, by = _range(multiples, own)
    if base > MOST or base < 2:
        return None
    shape = levels.broadcast_shape()
    codes = levels.in_shape((multiples - low[:, None]) // by)
    return Grid(codes, base, _spread(low / by, shape), _spread(steps * by, shape))


def as_codebook(levels: Levels) -> Codebook | None:
    """The levels as they are."""
    base = max(len(table) for table in levels.tables)
    if base < 2:
        return None
    tables = np.stack([np.pad(table, (0, base - len(table))) for table in levels.tables])
    rows = np.arange(len(tables)).reshape(levels.broadcast_shape())
    return Codebook(levels.in_shape(levels.codes), tables, rows)


def _range(
    multiples: NDArray[np.int64], low: NDArray[np.int64]
) -> tuple[NDArray[np.int64], int, int]:
    """(low, number of codes, distance of codes) of channels that begin at `low`."""
    above = multiples - low[:, None]
    by = max(int(np.gcd.reduce(above, axis=None)), 1)
    return low, int(above.max()) // by + 1, by


def _spread(values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """One value for each channel in `shape`, or a scalar where all are equal."""
    single = values.astype(np.float32)
    if (single == single[0]).all():
        return np.asarray(single[0])
    return single.reshape(shape)
