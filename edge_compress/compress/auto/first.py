"""Points of the space that a search begins with: what is known to do well elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna.distributions import CategoricalDistribution

from edge_compress.compress.auto.findings import Findings
from edge_compress.compress.search.domain import Parameter, Value
from edge_compress.compress.search.space import Space

TAKEN = ("resize_input", "prune")  # of the optional passes
AGREES = 0.93  # of the untrained model: an input that costs next to nothing
STRONG, GENTLE = 0.45, 0.75  # share of the work that stays
ROOM = 0.92  # of the weights that a limit leaves: a file holds more than weights
RATE = 1e-3


def known_good(
    recipe: Mapping[str, Any], findings: Findings, size_mb: float | None
) -> tuple[dict[str, Value], ...]:
    """A strong and a gentle recipe without what seldom pays.

    Args:
        recipe: with its passes and their ranges.
        findings: say which input still agrees.
        size_mb: the file's limit, in 10^6 bytes.
    """
    parameters = Space.of(recipe).parameters
    most = ROOM * findings.params_for(size_mb)
    keeps = [STRONG, GENTLE] if most >= GENTLE else [min(STRONG, most)]
    points = [
        {name: _value(one, keep, findings) for name, one in parameters.items()} for keep in keeps
    ]
    return tuple(point for place, point in enumerate(points) if point not in points[:place])


def _value(parameter: Parameter, keep: float, findings: Findings) -> Value:
    """The value of one parameter, within its range."""
    *_, kind, key = parameter.name.split(".")
    distribution = parameter.distribution
    if isinstance(distribution, CategoricalDistribution):
        if key == "included":
            return kind in TAKEN
        first: Value = distribution.choices[0]
        return first
    wanted: dict[str, float] = {"keep": keep, "learning_rate": RATE, "width": _width(findings)}
    middle = (distribution.low + distribution.high) / 2
    value = min(max(wanted.get(key, middle), distribution.low), distribution.high)
    return int(value) if isinstance(distribution.low, int) else float(value)


def _width(findings: Findings) -> int:
    """The smallest input that still agrees, in pixels."""
    good = [size.width for size in findings.sizes if size.agreement >= AGREES]
    return min(good, default=findings.width)
