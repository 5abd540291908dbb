"""The exact codings of a weight that are worth their while."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge_compress.compress.packing.codings import (
    FLOAT_BYTES,
    Coding,
    Constant,
    Grid,
    Raw,
    as_codebook,
    as_grid,
)
from edge_compress.compress.packing.levels import find_levels
from edge_compress.compress.packing.multiples import TOLERANCE
from edge_compress.compress.packing.sparse import Sparse

WORTH = 0.9  # of the bytes of float32: what saves less is not worth the nodes
SPARSE = 1 / 16  # zeros; with fewer, their places cost more than they save


def codings(weight: NDArray[np.float32]) -> list[Coding]:
    """The codings that take less room than float32 and give the weight back, shortest first.

    Zeros come back as zeros, other values to 1 part in 10^6.

    Args:
        weight: of any shape.

    Returns:
        Nothing for an ordinary dense weight.
    """
    if not np.isfinite(weight).all():
        return []
    limit = WORTH * FLOAT_BYTES * weight.size
    short = [coding for coding in _all(weight) if coding.payload <= limit]
    exact = [coding for coding in short if _exact(weight, coding.decoded())]
    return sorted(exact, key=lambda coding: coding.payload)


def _all(weight: NDArray[np.float32]) -> Iterator[Coding]:
    """All that fit; an axis of channels need not be known, since the right one fits best."""
    first = weight.reshape(-1)[0]
    if (weight == first).all():
        yield Constant(weight.shape, first)
        return
    sparse = np.count_nonzero(weight) <= (1 - SPARSE) * weight.size
    if sparse:
        yield from _sparse(weight)
    for axis in (None, *range(min(weight.ndim, 2))):
        levels = find_levels(weight, axis)
        if levels is None:
            continue
        grid = as_grid(levels)
        yield from (coding for coding in (grid, as_codebook(levels)) if coding is not None)
        if sparse and grid is not None and axis is not None:
            yield from _sparse_grid(weight, grid)


def _sparse(weight: NDArray[np.float32]) -> Iterator[Sparse]:
    places = np.flatnonzero(weight)
    values = weight.reshape(-1)[places]
    for coding in _of_values(values):
        yield Sparse(weight.shape, places, coding)


def _sparse_grid(weight: NDArray[np.float32], grid: Grid) -> Iterator[Sparse]:
    """The places and multiples of what is not zero; the channels' steps come after."""
    places = np.flatnonzero(weight)
    multiples = grid.codes.astype(np.float32) + grid.offset
    for coding in _of_values(multiples.reshape(-1)[places]):
        yield Sparse(weight.shape, places, coding, grid.step)


def _of_values(values: NDArray[np.float32]) -> Iterator[Coding]:
    if (values == values[0]).all():
        yield Constant(values.shape, values[0])
        return
    yield Raw(values)
    levels = find_levels(values, None)
    if levels is not None:
        yield from (c for c in (as_grid(levels), as_codebook(levels)) if c is not None)


def _exact(weight: NDArray[np.float32], decoded: NDArray[np.float32]) -> bool:
    error = np.abs(decoded.astype(np.float64) - weight)
    return bool((error <= TOLERANCE * np.abs(weight)).all())
