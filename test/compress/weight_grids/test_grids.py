"""Grids hold what their names say, and weights on them stay where they are."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_compress.compress.weight_grids.levels import k_means
from edge_compress.compress.weight_grids.rows import as_rows, from_rows
from edge_compress.compress.weight_grids.rule import GridRule
from edge_compress.compress.weight_grids.signs import binary, ternary
from edge_compress.compress.weight_grids.uniform import affine, of_least_error, symmetric

RULES = [
    *(GridRule("symmetric", bits, scale=scale) for bits in range(2, 9) for scale in ("max",)),
    *(GridRule("affine", bits) for bits in range(1, 9)),
    GridRule("symmetric", 3, scale="least_error"),
    GridRule("affine", 3, scale="least_error"),
    *(GridRule("levels", bits) for bits in (1, 2, 3)),
    GridRule("ternary", 2),
    GridRule("binary", 1),
]


@pytest.fixture
def rows() -> torch.Tensor:
    return torch.randn(6, 500, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_at_most_two_to_the_bits_values_a_row(rows, rule):
    projected = rule.fit(rows).project(rows)
    assert all(len(row.unique()) <= 2**rule.bits for row in projected)


@settings(max_examples=60, deadline=None)
@given(
    rule=st.sampled_from(RULES),
    seed=st.integers(0, 2**31),
    shape=st.tuples(st.integers(1, 5), st.integers(1, 40)),
    scale=st.floats(1e-6, 1e4),
)
def test_a_second_time_changes_no_bit(rule, seed, shape, scale):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(shape, generator=generator) * scale
    rows[torch.rand(shape, generator=generator) < 0.2] = 0
    rows[0, :] *= seed % 2  # a channel may be dead
    grid = rule.fit(rows)
    once = grid.project(rows)
    assert torch.isfinite(once).all()
    assert torch.equal(grid.project(once), once)


def test_a_symmetric_grid_is_q_times_a_whole_number(rows):
    grid = symmetric(rows, 4)
    multiples = grid.project(rows) / grid.points
    assert torch.allclose(multiples, multiples.round(), rtol=1e-6)
    assert multiples.abs().amax(1).round().tolist() == [7] * 6
    assert (grid.project(rows) - rows).abs().max() <= grid.points.max() * 0.5001


def test_an_affine_grid_uses_its_whole_range_and_has_a_zero():
    rows = torch.rand(4, 1000, generator=torch.Generator().manual_seed(0)) * 2.55 - 0.5
    rows[:, 0] = 0
    grid = affine(rows, 8)
    projected = grid.project(rows)
    assert (projected[:, 0] == 0).all()
    assert grid.points == pytest.approx(torch.full((4, 1), 0.01), rel=0.01)
    assert (projected - rows).abs().max() < 0.51 * grid.points.max()
    # A symmetric grid of as many bits spends half of its points on values that there are not.
    error = (symmetric(rows, 8).project(rows) - rows).square().mean()
    assert (projected - rows).square().mean() < 0.6 * error


@pytest.mark.parametrize("make", [symmetric, affine])
@pytest.mark.parametrize("bits", [2, 3, 4])
def test_least_error_clips_where_that_pays(make, bits):
    rows = torch.randn(5, 2000, generator=torch.Generator().manual_seed(0))
    rows[:, 0] = 12.0  # one that all others would pay for
    full = make(rows, bits)
    least = of_least_error(full, rows)
    errors = [(grid.project(rows) - rows).square().mean(1) for grid in (full, least)]
    assert (errors[1] < 0.6 * errors[0]).all()
    for share in (0.9, 1.1):
        near = least.with_points(least.points * share)
        assert ((near.project(rows) - rows).square().mean(1) >= errors[1]).all()


def test_k_means_finds_the_clusters_there_are():
    generator = torch.Generator().manual_seed(0)
    centres = torch.tensor([-1.0, -0.2, 0.3, 0.9])
    rows = centres[torch.randint(0, 4, (3, 2000), generator=generator)]
    rows = rows + 0.02 * torch.randn(rows.shape, generator=generator)
    assert torch.allclose(k_means(rows, 4).points, centres.expand(3, 4), atol=0.01)


def test_k_means_is_better_than_even_levels(rows):
    error = (k_means(rows, 4).project(rows) - rows).square().mean()
    assert error == pytest.approx(0.1175, rel=0.1), "the optimum of Lloyd and Max for a normal law"
    assert error < (of_least_error(affine(rows, 2), rows).project(rows) - rows).square().mean()


def test_ternary_is_that_of_the_paper(rows):
    grid = ternary(rows)
    projected = grid.project(rows)
    threshold = 0.7 * rows.abs().mean(1, keepdim=True)
    large = rows.abs() > threshold
    assert torch.equal(projected != 0, large)
    scale = (rows.abs() * large).sum(1) / large.sum(1)
    assert torch.allclose(projected.abs().amax(1), scale)
    assert torch.equal(projected.sign(), rows.sign() * large)


def test_binary_is_the_mean_magnitude_with_the_sign(rows):
    projected = binary(rows).project(rows)
    assert torch.allclose(projected.abs(), rows.abs().mean(1, keepdim=True).expand_as(rows))
    assert torch.equal(projected.sign(), rows.sign())


@pytest.mark.parametrize("fit", [binary, ternary, lambda rows: k_means(rows, 4)])
def test_what_pruning_left_does_not_count(rows, fit):
    """Zeros would pull every mean towards zero."""
    pruned = torch.cat([rows, torch.zeros_like(rows)], dim=1)
    assert torch.allclose(fit(pruned).points, fit(rows).points, rtol=1e-5)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3, 2)])
def test_rows_are_channels_and_come_back(axis, shape):
    weight = torch.randn(shape)
    rows = as_rows(weight, axis)
    assert len(rows) == (1 if axis is None else shape[axis])
    if axis is not None:
        assert torch.equal(rows[2], weight.select(axis, 2).flatten())
    assert torch.equal(from_rows(rows, weight, axis), weight)
