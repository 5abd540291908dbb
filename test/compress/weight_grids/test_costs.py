"""Bits are shared out at the least cost that the budget allows."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_compress.compress.weight_grids.costs import cheapest

CHOICES = (2, 3, 4, 8)
LAYER = st.tuples(
    st.integers(1, 1000), st.lists(st.floats(0, 1), min_size=len(CHOICES), max_size=len(CHOICES))
)


def taken(bits, sizes):
    return sum(bits[name] * sizes[name] for name in sizes) / sum(sizes.values())


@given(layers=st.lists(LAYER, min_size=1, max_size=4), average=st.floats(2, 8))
def test_no_other_choice_within_the_budget_costs_less(layers, average):
    sizes = {str(i): size for i, (size, _) in enumerate(layers)}
    costs = {str(i): dict(zip(CHOICES, each, strict=True)) for i, (_, each) in enumerate(layers)}

    def cost(bits):
        return sum(costs[name][bits[name]] for name in bits)

    chosen = cheapest(costs, sizes, average)
    every = (
        dict(zip(sizes, bits, strict=True))
        for bits in itertools.product(CHOICES, repeat=len(sizes))
    )
    assert taken(chosen, sizes) <= average + 1e-6
    assert cost(chosen) <= min(cost(b) for b in every if taken(b, sizes) <= average) + 1e-6


def test_a_budget_that_is_even_for_all_is_not_overshot():
    # What saves most for its cost would be the large layer at 2 bits, which leaves bits unused.
    costs = {"large": {2: 0.3, 4: 0.1, 8: 0.0}, "small": {2: 0.3, 4: 0.1, 8: 0.0}}
    assert cheapest(costs, {"large": 1000, "small": 10}, 4.0) == {"large": 4, "small": 4}


def test_a_budget_that_nothing_keeps_is_told():
    with pytest.raises(ValueError, match="takes 1"):
        cheapest({"layer": {2: 0.1}}, {"layer": 10}, 1.0)
