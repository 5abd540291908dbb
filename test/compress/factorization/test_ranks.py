"""How a rank is chosen."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from edge_compress.compress.factorization.ranks import (
    ladder,
    largest,
    rank_by_energy,
    rounded_up,
)

SIGMAS = st.lists(st.floats(0, 1e3), min_size=1, max_size=30).map(
    lambda values: torch.tensor(sorted(values, reverse=True), dtype=torch.float64)
)


def test_energy_is_that_of_the_squares():
    sigma = torch.tensor([3.0, 2.0, 1.0])  # 9, 4, 1 of 14
    assert rank_by_energy(sigma, 0.6) == 1
    assert rank_by_energy(sigma, 9 / 14) == 1
    assert rank_by_energy(sigma, 0.65) == 2
    assert rank_by_energy(sigma, 0.95) == 3
    assert rank_by_energy(sigma, 1.0) == 3


@given(SIGMAS, st.floats(0.01, 1), st.floats(0.01, 1))
def test_more_energy_never_needs_less_rank(sigma, one, other):
    low, high = sorted((one, other))
    assert 1 <= rank_by_energy(sigma, low) <= rank_by_energy(sigma, high) <= len(sigma)


@given(SIGMAS, st.floats(0.01, 1))
def test_the_rank_holds_the_energy_and_one_less_does_not(sigma, share):
    energy = sigma.square()
    rank = rank_by_energy(sigma, share)
    assert energy[:rank].sum() >= share * energy.sum() * (1 - 1e-9)
    assert rank == 1 or energy[: rank - 1].sum() < share * energy.sum()


def test_ranks_are_multiples_of_the_step():
    assert [rounded_up(rank, 8, 20) for rank in (1, 8, 9, 17, 20)] == [8, 8, 16, 20, 20]
    assert ladder((32,), 8) == [(8,), (16,), (24,)]
    assert ladder((20,), 8) == [(8,), (16,)]
    assert ladder((8,), 8) == []
    assert ladder((64, 16), 16) == [(16, 16), (32, 16), (48, 16)]


def test_the_largest_that_fits_is_found_with_few_questions():
    asked = []

    def fits(ranks):
        asked.append(ranks)
        return ranks[0] <= 40

    choices = ladder((256,), 8)
    assert largest(choices, fits) == (40,)
    assert len(asked) <= 5
    assert largest(choices, lambda ranks: False) is None
