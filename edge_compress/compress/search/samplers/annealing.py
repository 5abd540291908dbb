"""Simulated annealing as an Optuna sampler."""

from __future__ import annotations

from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from edge_compress.compress.search.algorithm import Annealing
from edge_compress.compress.search.samplers.moves import neighbour
from edge_compress.compress.search.samplers.walk import Standing, standing

WIDER = 8  # proposals for one trial, all of them known already, until one more parameter changes


class SimulatedAnnealingSampler(BaseSampler):
    """A walk through the space that takes fewer and fewer steps to the worse.

    Kirkpatrick, Gelatt and Vecchi, "Optimization by Simulated Annealing", Science 220, 1983,
    doi:10.1126/science.220.4598.671. Numbers move by steps that grow shorter as it cools, choices
    to any other. With several objectives each step weighs them anew (after MOSA: Ulungu, Teghem,
    Fortemps and Tuyttens, 1999), since each weighing leads to another part of the front.

    It has no state: where the walk stands is seen from the finished trials, so that many workers
    can share it.
    """

    def __init__(
        self, algorithm: Annealing | None = None, *, seed: int, proposals: int | None = None
    ) -> None:
        """Make a sampler.

        Args:
            algorithm: the schedule.
            seed: of the search; decides with each trial's number which moves are taken.
            proposals: seed of what is proposed; `seed` if unset.
        """
        self._algorithm = algorithm or Annealing()
        self._seed = seed
        proposals = seed if proposals is None else proposals
        self._random = RandomSampler(proposals)
        self._rng = np.random.default_rng(proposals)
        self._last: tuple[int, Standing, int] | None = None

    def infer_relative_search_space(  # noqa: D102
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return IntersectionSearchSpace().calculate(study)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """A step from where the walk stands; nothing while candidates are random."""
        if trial.number < self._algorithm.start:
            return {}
        here, draws = self._standing(study, trial)
        if here.trial is None or not search_space.keys() <= here.trial.params.keys():
            return {}
        values = {name: here.trial.params[name] for name in search_space}
        changes = self._algorithm.moves + draws // WIDER
        return neighbour(values, search_space, changes=changes, heat=here.heat, rng=self._rng)

    def _standing(self, study: Study, trial: FrozenTrial) -> tuple[Standing, int]:
        """Where the walk stands, and how often it was asked for before."""
        if self._last is not None and self._last[0] == trial.number:
            number, here, draws = self._last
            self._last = number, here, draws + 1
            return here, draws + 1
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        here = standing(complete, study.directions, self._algorithm, self._seed, trial.number)
        self._last = trial.number, here, 0
        return here, 0

    def sample_independent(  # noqa: D102
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self._random.sample_independent(study, trial, param_name, param_distribution)
