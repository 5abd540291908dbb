"""A move goes to another value that is allowed, and less far when it is cold."""

from __future__ import annotations

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from edge_compress.compress.search.samplers.moves import neighbour


def moved(value, distribution, *, heat=1.0, seed=0):
    rng = np.random.default_rng(seed)
    space = {"a": distribution}
    return neighbour({"a": value}, space, changes=1, heat=heat, rng=rng)["a"]


RANGES = [
    IntDistribution(1, 9),
    IntDistribution(8, 64, step=8),
    IntDistribution(1, 1000, log=True),
    IntDistribution(3, 4),
    FloatDistribution(0.2, 0.9),
    FloatDistribution(1e-5, 1e-1, log=True),
    FloatDistribution(0.1, 0.5, step=0.1),
    CategoricalDistribution((8, 16, 32, 64)),
    CategoricalDistribution(("relu", "silu", None, True)),
]


@pytest.mark.parametrize("distribution", RANGES, ids=str)
@pytest.mark.parametrize("heat", [0.0, 0.5, 1.0])
def test_a_move_ends_at_another_value_of_the_range(distribution, heat):
    ends = getattr(distribution, "choices", None) or (distribution.low, distribution.high)
    for start in (ends[0], ends[-1]):
        for seed in range(40):
            value = moved(start, distribution, heat=heat, seed=seed)
            assert distribution._contains(distribution.to_internal_repr(value))
            assert value != start


def test_every_value_can_be_reached_while_it_is_hot():
    distribution = CategoricalDistribution(("a", "b", "c"))
    assert {moved("b", distribution, seed=s) for s in range(40)} == {"a", "c"}
    assert {moved(5, IntDistribution(1, 9), seed=s) for s in range(200)} == {1, 2, 3, 4, 6, 7, 8, 9}


@pytest.mark.parametrize(
    ("value", "distribution", "near"),
    [
        (5, IntDistribution(1, 9), {4, 6}),
        (24, IntDistribution(8, 64, step=8), {16, 32}),
        (16, CategoricalDistribution((64, 8, 32, 16)), {8, 32}),  # by size, not by place
    ],
)
def test_a_cold_number_moves_by_one_step(value, distribution, near):
    assert {moved(value, distribution, heat=0.0, seed=s) for s in range(60)} == near


def test_a_cold_real_number_stays_near():
    distribution = FloatDistribution(0.0, 1.0)
    cold = [abs(moved(0.5, distribution, heat=0.0, seed=s) - 0.5) for s in range(200)]
    hot = [abs(moved(0.5, distribution, heat=1.0, seed=s) - 0.5) for s in range(200)]
    assert np.mean(cold) < 0.05 < 0.1 < np.mean(hot)


def test_as_many_parameters_change_as_are_allowed():
    space = {name: IntDistribution(1, 9) for name in "abcd"}
    start = dict.fromkeys(space, 5)
    counts = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        there = neighbour(start, space, changes=2, heat=0.5, rng=rng)
        counts.add(sum(there[name] != start[name] for name in space))
    assert counts == {1, 2}


def test_what_has_one_value_alone_stays():
    rng = np.random.default_rng(0)
    space = {"a": IntDistribution(3, 3), "b": CategoricalDistribution(("x",))}
    assert neighbour({"a": 3, "b": "x"}, space, changes=2, heat=1.0, rng=rng) == {"a": 3, "b": "x"}
