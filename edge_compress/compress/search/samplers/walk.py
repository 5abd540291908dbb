"""Where simulated annealing stands, found out anew from the finished trials."""

from __future__ import annotations

import math
import random
import statistics
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from edge_compress.compress.search.algorithm import Annealing

EVEN_SPREAD = math.sqrt(1 / 12)  # deviation of what is spread evenly from 0 to 1, as ranks are


@dataclass(frozen=True)
class Standing:
    """Where the walk is.

    Attributes:
        trial: the candidate that the next move begins at; None while nothing was finished.
        heat: temperature by the one at first, 0-1.
    """

    trial: FrozenTrial | None
    heat: float


def standing(
    complete: Sequence[FrozenTrial],
    directions: Sequence[StudyDirection],
    algorithm: Annealing,
    seed: int,
    number: int,
) -> Standing:
    """Go through the trials again, and see which moves were taken.

    A move that makes things worse by Δ is taken with the probability exp(-Δ / temperature), as
    Metropolis et al., 1953, doi:10.1063/1.1699114. Infeasible candidates rank behind all feasible
    ones, and among each other by their violation.

    With several objectives Δ is that of their weighted sum (rule SL of Serafini, 1994), in weights
    that each trial draws anew: as if every direction of the front had a walk of its own, and all
    walks saw each other's trials.

    Args:
        complete: all complete trials, by number.
        directions: of the objectives.
        algorithm: schedule.
        seed: of the search.
        number: of the trial that goes on from here.
    """
    first = [trial for trial in complete if trial.number < algorithm.start] or list(complete[:1])
    if not first:
        return Standing(None, 1.0)
    scale = _Scale(first, complete, directions, _weights(seed, number, len(directions)))
    here = min(first, key=scale.rank)
    known = {trial.number for trial in first}
    heat = 1.0
    for trial in complete:
        if trial.number in known:
            continue
        worse = scale.difference(trial, here)
        if worse <= 0 or _chance(seed, trial) < math.exp(-worse / (algorithm.temperature * heat)):
            here = trial
        heat *= algorithm.cooling
    return Standing(here, heat)


class _Scale:
    """Candidates on one scale: lower is better, and 1 is a usual difference.

    One objective is measured in its spread among the random candidates. Several would not go
    together so: MACs differ by factors, accuracies by points. There a value is its rank.
    """

    def __init__(
        self,
        first: Sequence[FrozenTrial],
        complete: Sequence[FrozenTrial],
        directions: Sequence[StudyDirection],
        weights: Sequence[float],
    ) -> None:
        self._signs = [-1 if d == StudyDirection.MAXIMIZE else 1 for d in directions]
        self._weights = weights
        self._spread = _spread([trial.values[0] for trial in first])
        self._violation_spread = _spread([_violation(trial) for trial in first])
        feasible = [trial.values for trial in complete if not _violation(trial)]
        self._columns = [
            sorted(sign * value for value in column)
            for sign, column in zip(self._signs, zip(*feasible, strict=True), strict=False)
        ]

    def rank(self, trial: FrozenTrial) -> tuple[float, float, int]:
        violation = _violation(trial)
        return violation, math.inf if violation else self._energy(trial), trial.number

    def difference(self, new: FrozenTrial, old: FrozenTrial) -> float:
        """How much worse the new one is, in usual differences."""
        news, olds = _violation(new), _violation(old)
        if news and olds:
            return (news - olds) / self._violation_spread
        if news or olds:
            return math.inf if news else -math.inf
        return self._energy(new) - self._energy(old)

    def _energy(self, trial: FrozenTrial) -> float:
        values = [sign * value for sign, value in zip(self._signs, trial.values, strict=True)]
        if len(values) == 1:
            return float(values[0] / self._spread)
        ranks = (
            bisect_left(column, value) / len(column)
            for column, value in zip(self._columns, values, strict=True)
        )
        return sum(w * r for w, r in zip(self._weights, ranks, strict=True)) / EVEN_SPREAD


def _spread(values: Sequence[float]) -> float:
    """Standard deviation of what is finite, or 1 if that tells nothing."""
    finite = [value for value in values if math.isfinite(value)]
    return (statistics.pstdev(finite) if finite else 0.0) or 1.0


def _violation(trial: FrozenTrial) -> float:
    return sum(value for value in trial.constraints.values() if value > 0)


def _weights(seed: int, number: int, objectives: int) -> list[float]:
    """How much each objective counts for a trial; together 1."""
    shares = np.random.default_rng([seed, number, 0]).dirichlet(np.ones(objectives))
    return [float(share) for share in shares]


def _chance(seed: int, trial: FrozenTrial) -> float:
    """A random number from 0 to 1 that belongs to the trial."""
    return random.Random(f"{seed} {trial.number}").random()
