"""A sampler that depends on nothing but what lies in the storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

DRAWS = 40  # of the algorithm, before anything new at random will do
RANDOM_DRAWS = 200


class EachTrialSampler(BaseSampler):
    """Draws all parameters of a trial at once, by a sampler made anew for each trial.

    Its random numbers come from the seed and the trial's number alone. So a killed search goes on
    with the trials that it would have had, and workers need not agree on anything. What was tried
    before is drawn again: genetic algorithms and annealing come back to the same candidates often,
    and each of them costs a training.
    """

    def __init__(
        self,
        make: Callable[[int], BaseSampler],
        seed: int,
        distributions: Mapping[str, BaseDistribution],
        key: Callable[[Mapping[str, Any]], str],
        first: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Make a sampler for all trials.

        Args:
            make: the sampler of one trial, from a seed for all that it draws.
            seed: of the search.
            distributions: of every parameter.
            key: the same text for values that stand for the same candidate.
            first: values of the first trials, such as points that are known to be good.
        """
        self._make = make
        self._seed = seed
        self._distributions = dict(distributions)
        self._key = key
        self._first = first
        self._keys: dict[int, str] = {}

    def infer_relative_search_space(  # noqa: D102
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return dict(self._distributions)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Values that were not tried yet, if such can be found.

        Draws of the algorithm come first, then random ones. Where nothing new turns up, something
        that is known comes back: then the space, or what is in reach, is exhausted.
        """
        given = self._first[trial.number] if trial.number < len(self._first) else {}
        tried = self._tried(study, trial)
        draws = _seed_of(self._seed, trial.number)
        values: dict[str, Any] = {}
        for inner, count in ((self._make(draws), DRAWS), (RandomSampler(draws), RANDOM_DRAWS)):
            for _ in range(count):
                values = {**self._draw(inner, study, trial, search_space), **given}
                if self._key(values) not in tried:
                    return values
        return values

    def sample_independent(  # noqa: D102
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        raise ValueError(f"`{param_name}` is no parameter of the space")

    def _draw(
        self,
        inner: BaseSampler,
        study: Study,
        trial: FrozenTrial,
        space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        # Optuna's samplers cannot draw together what has one value alone.
        several = {name: d for name, d in space.items() if not d.single()}
        values = inner.sample_relative(study, trial, several)
        return {
            name: values[name]
            if name in values
            else inner.sample_independent(study, trial, name, distribution)
            for name, distribution in space.items()
        }

    def _tried(self, study: Study, trial: FrozenTrial) -> set[str]:
        for other in study.get_trials(deepcopy=False):
            if other.number not in self._keys and other.params.keys() == self._distributions.keys():
                self._keys[other.number] = self._key(other.params)
        return {key for number, key in self._keys.items() if number != trial.number}


def _seed_of(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1)[0])
