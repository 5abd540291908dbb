"""Where simulated annealing stands, found out anew from the finished trials."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from edge_compress.compress.search.algorithm import Annealing


@dataclass(frozen=True)
class Standing:
    """Where a walk is.

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
    walk: int,
    walks: int,
) -> Standing:
    """Go through the trials of one walk again, and see which moves were taken.

    A move that makes things worse by Δ is taken with the probability exp(-Δ / temperature), as
    Metropolis et al., 1953, doi:10.1063/1.1699114. Δ is the change of the weighted sum of all
    objectives, each in its spread among the random candidates (rule SL of Serafini, 1994).
    Infeasible candidates rank behind all feasible ones, and among each other by their violation.

    Args:
        complete: all complete trials, by number.
        directions: of the objectives.
        algorithm: schedule.
        seed: of the search.
        walk: which one, from 0.
        walks: how many take turns.
    """
    first = [trial for trial in complete if trial.number < algorithm.start]
    if not first:
        first = list(complete[:1])
    if not first:
        return Standing(None, 1.0)
    scale = _Scale(first, directions, _weights(seed, walk, len(directions)))
    here = min(first, key=scale.rank)
    known = {trial.number for trial in first}
    heat = 1.0
    for trial in complete:
        if trial.number in known or trial.number % walks != walk:
            continue
        worse = scale.difference(trial, here)
        if worse <= 0 or _chance(seed, trial) < math.exp(-worse / (algorithm.temperature * heat)):
            here = trial
        heat *= algorithm.cooling
    return Standing(here, heat)


class _Scale:
    """Candidates on one scale: lower is better, and 1 is a usual difference."""

    def __init__(
        self,
        first: Sequence[FrozenTrial],
        directions: Sequence[StudyDirection],
        weights: Sequence[float],
    ) -> None:
        columns = zip(*(trial.values for trial in first), strict=True)
        self._factors = [
            weight * (-1 if direction == StudyDirection.MAXIMIZE else 1) / _spread(column)
            for weight, direction, column in zip(weights, directions, columns, strict=True)
        ]
        self._violation_spread = _spread([_violation(trial) for trial in first])

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
        return float(sum(f * v for f, v in zip(self._factors, trial.values, strict=True)))


def _spread(values: Sequence[float]) -> float:
    """Standard deviation of what is finite, or 1 if that tells nothing."""
    finite = [value for value in values if math.isfinite(value)]
    return (statistics.pstdev(finite) if finite else 0.0) or 1.0


def _violation(trial: FrozenTrial) -> float:
    return sum(value for value in trial.constraints.values() if value > 0)


def _weights(seed: int, walk: int, objectives: int) -> list[float]:
    """How much each objective counts in a walk; all the same in the first one. They add up to 1."""
    if walk == 0:
        return [1 / objectives] * objectives
    shares = np.random.default_rng([seed, walk]).dirichlet(np.ones(objectives))
    return [float(share) for share in shares]


def _chance(seed: int, trial: FrozenTrial) -> float:
    """A random number from 0 to 1 that belongs to the trial."""
    return random.Random(f"{seed} {trial.number}").random()
