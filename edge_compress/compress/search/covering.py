"""A few points of a space in which everything in it occurs."""

from __future__ import annotations

from collections.abc import Iterator

from optuna.distributions import CategoricalDistribution

from edge_compress.compress.search.domain import Parameter, Value
from edge_compress.compress.search.space import Space


def covering(space: Space) -> Iterator[dict[str, Value]]:
    """Points in which every choice and both ends of every range occur, as few as that takes."""
    most = max(len(parameter.options) for parameter in space.parameters.values())
    for index in range(max(2, most)):
        yield {name: _one_of(parameter, index) for name, parameter in space.parameters.items()}


def _one_of(parameter: Parameter, index: int) -> Value:
    distribution = parameter.distribution
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[index % len(distribution.choices)]
    return distribution.high if index % 2 else distribution.low
