"""Of all ways to pair, the one that fits best."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_compress.vision.tracking.assignment import assign


def best_by_trying_all(affinity, least):
    allowed = np.where(affinity >= least, affinity, 0.0)
    if allowed.shape[0] > allowed.shape[1]:
        allowed = allowed.T
    rows = range(allowed.shape[0])
    ways = itertools.permutations(range(allowed.shape[1]), allowed.shape[0])
    return max(sum(allowed[r, c] for r, c in zip(rows, way, strict=True)) for way in ways)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 6), st.integers(0, 6), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_no_other_way_has_a_larger_sum(rows, columns, crowded, seed):
    rng = np.random.default_rng(seed)
    affinity = (rng.random((rows, columns)) * (rng.random((rows, columns)) < crowded)).astype(
        np.float32
    )
    row, column = assign(affinity, 0.3)
    assert len(set(row.tolist())) == len(row) == len(column) == len(set(column.tolist()))
    assert (affinity[row, column] >= 0.3).all()
    assert affinity[row, column].sum() == pytest.approx(best_by_trying_all(affinity, 0.3), abs=1e-5)


def test_the_best_pair_is_given_up_for_two_good_ones():
    affinity = np.array([[0.9, 0.8], [0.8, 0.0]], np.float32)
    rows, columns = assign(affinity, 0.2)
    assert dict(zip(rows.tolist(), columns.tolist(), strict=True)) == {0: 1, 1: 0}


def test_a_crowd_is_paired():
    rng = np.random.default_rng(0)
    order = rng.permutation(200)
    affinity = (rng.random((200, 200)) * 0.5).astype(np.float32)
    affinity[np.arange(200), order] += 0.5
    rows, columns = assign(affinity, 0.2)
    assert affinity[rows, columns].sum() >= affinity[np.arange(200), order].sum() - 1e-3


def test_nothing_is_paired_with_what_does_not_fit_even_at_zero():
    rows, columns = assign(np.zeros((2, 3), np.float32), 0.0)
    assert len(rows) == len(columns) == 0
