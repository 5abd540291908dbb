"""Who goes with whom, so that the sum of what fits is the largest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def assign(
    affinity: NDArray[np.float32], least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair rows with columns.

    Args:
        affinity: [rows, columns], 0-1; how well they go together.
        least: pairs with less are never made, nor are pairs with 0.

    Returns:
        The rows and the columns of the pairs, int64 [k] each. Of all ways to pair, this one has
        the largest sum of `affinity`.
    """
    allowed = np.where(affinity >= least, affinity, 0.0)
    rows, columns = np.flatnonzero(allowed.any(1)), np.flatnonzero(allowed.any(0))
    gain = allowed[np.ix_(rows, columns)].astype(np.float64)
    if len(rows) <= len(columns):
        chosen = _hungarian(-gain)
        pairs = np.column_stack([np.arange(len(rows)), chosen])
    else:
        chosen = _hungarian(-gain.T)
        pairs = np.column_stack([chosen, np.arange(len(columns))])
    # Who found nobody that fits was given one that does not.
    pairs = pairs[gain[pairs[:, 0], pairs[:, 1]] > 0]
    return rows[pairs[:, 0]], columns[pairs[:, 1]]


def _hungarian(cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the column of each row of the cheapest assignment; rows <= columns.

    Shortest augmenting paths with potentials, O(rows² columns): Jonker and Volgenant, "A Shortest
    Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems", Computing 38, 1987.
    """
    count, width = cost.shape
    row_of = np.full(width, -1, np.int64)
    u, v = np.zeros(count), np.zeros(width)
    for start in range(count):
        # Dijkstra from the new row to the nearest free column.
        distance = np.full(width, np.inf)
        before = np.full(width, -1, np.int64)
        done = np.zeros(width, bool)
        row, column, reached = start, -1, 0.0
        while row >= 0:
            through = reached + cost[row] - u[row] - v
            closer = ~done & (through < distance)
            distance[closer], before[closer] = through[closer], column
            column = int(np.argmin(np.where(done, np.inf, distance)))
            reached, done[column] = float(distance[column]), True
            row = int(row_of[column])
        # Potentials first, by the old pairs; then each row on the path moves one column on.
        passed = done & (row_of >= 0)
        u[row_of[passed]] += reached - distance[passed]
        v[passed] -= reached - distance[passed]
        u[start] += reached
        while column >= 0:
            previous = int(before[column])
            row_of[column] = start if previous < 0 else row_of[previous]
            column = previous
    chosen = np.empty(count, np.int64)
    taken = row_of >= 0
    chosen[row_of[taken]] = np.flatnonzero(taken)
    return chosen
