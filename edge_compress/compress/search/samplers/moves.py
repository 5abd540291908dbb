"""A step from a candidate to one beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

HALF = 0.5  # of a range: the farthest that a number moves while it is hot


def neighbour(
    values: Mapping[str, Any],
    space: Mapping[str, BaseDistribution],
    *,
    changes: int,
    heat: float,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Other values of one or more parameters, each at least one step away.

    Args:
        values: where the step begins.
        space: every parameter that may change.
        changes: as many parameters change at most.
        heat: 0-1; at 1 a number moves up to half of its range, at 0 to the next value.
        rng: what decides.
    """
    moved = dict(values)
    movable = [name for name, distribution in space.items() if not distribution.single()]
    if not movable:
        return moved
    count = int(rng.integers(1, min(changes, len(movable)) + 1))
    for name in rng.choice(len(movable), size=count, replace=False):
        parameter = movable[int(name)]
        moved[parameter] = _other(values[parameter], space[parameter], heat, rng)
    return moved


def _other(
    value: Any, distribution: BaseDistribution, heat: float, rng: np.random.Generator
) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return _other_choice(value, distribution, heat, rng)
    if isinstance(distribution, IntDistribution):
        return _other_integer(value, distribution, heat, rng)
    assert isinstance(distribution, FloatDistribution)
    return _other_real(value, distribution, heat, rng)


def _other_choice(
    value: Any, distribution: CategoricalDistribution, heat: float, rng: np.random.Generator
) -> Any:
    choices = distribution.choices
    at = int(distribution.to_internal_repr(value))
    if _are_numbers(choices):  # numbers have neighbours, whatever order they are written in
        order = sorted(range(len(choices)), key=lambda i: float(choices[i]))  # type: ignore[arg-type]
        return choices[order[_step(order.index(at), len(choices), heat, rng)]]
    other = int(rng.integers(len(choices) - 1))
    return choices[other + (other >= at)]


def _other_integer(
    value: int, distribution: IntDistribution, heat: float, rng: np.random.Generator
) -> int:
    low, high, step = distribution.low, distribution.high, distribution.step
    if not distribution.log:
        return low + step * _step((value - low) // step, (high - low) // step + 1, heat, rng)
    near = _log_step(value, low, high, heat, rng)
    if round(near) == value:  # the next one in the same direction, or inwards at an end
        near = value + (1 if near > value else -1)
        near = value - 1 if near > high else value + 1 if near < low else near
    return round(near)


def _other_real(
    value: float, distribution: FloatDistribution, heat: float, rng: np.random.Generator
) -> float:
    low, high, step = distribution.low, distribution.high, distribution.step
    if step is not None:
        count = round((high - low) / step) + 1
        return low + step * _step(round((value - low) / step), count, heat, rng)
    if distribution.log:
        return _log_step(value, low, high, heat, rng)
    return _reflected(value + _width(heat) * (high - low) * rng.normal(), low, high)


def _step(at: int, count: int, heat: float, rng: np.random.Generator) -> int:
    """Another of `count` places in a row."""
    reach = max(1, round(HALF * heat * (count - 1)))
    near = [i for i in range(max(0, at - reach), min(count, at + reach + 1)) if i != at]
    return int(rng.choice(near))


def _log_step(
    value: float, low: float, high: float, heat: float, rng: np.random.Generator
) -> float:
    width = _width(heat) * math.log(high / low)
    logarithm = math.log(value) + width * rng.normal()
    there = math.exp(_reflected(logarithm, math.log(low), math.log(high)))
    return min(max(there, low), high)  # against rounding


def _width(heat: float) -> float:
    """Deviation of a real number's move, as a share of the range; at 0 a fiftieth of it."""
    return max(HALF * heat, 0.04) / 2


def _reflected(value: float, low: float, high: float) -> float:
    """Thrown back from the ends; a clipped number would lie at an end far too often."""
    span = high - low
    offset = (value - low) % (2 * span)
    return min(low + (offset if offset <= span else 2 * span - offset), high)


def _are_numbers(choices: tuple[Any, ...]) -> bool:
    return all(isinstance(c, int | float) and not isinstance(c, bool) for c in choices)
