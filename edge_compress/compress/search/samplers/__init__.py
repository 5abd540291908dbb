"""How the next candidate is chosen: Optuna's samplers, and simulated annealing of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler

from edge_compress.compress.search.algorithm import Algorithm, Annealing, Genetic, Tpe
from edge_compress.compress.search.samplers.annealing import SimulatedAnnealingSampler
from edge_compress.compress.search.samplers.each_trial import EachTrialSampler
from edge_compress.compress.search.space import Space, Value

__all__ = ["EachTrialSampler", "SimulatedAnnealingSampler", "sampler_for"]


def sampler_for(
    algorithm: Algorithm, seed: int, space: Space, first: Sequence[Mapping[str, Value]] = ()
) -> EachTrialSampler:
    """The sampler of an algorithm, once the values of the `first` trials are through.

    A trial is drawn from nothing but the seed, its number, and the trials that were finished
    before: any number of workers, and one that goes on after a kill, need nothing else.
    """
    return EachTrialSampler(
        lambda own: _inner(algorithm, seed, own), seed, space.distributions, space.key, first
    )


def _inner(algorithm: Algorithm, seed: int, own: int) -> BaseSampler:
    """A sampler for one trial, with a seed of its own."""
    if isinstance(algorithm, Genetic):
        return NSGAIISampler(
            population_size=algorithm.population,
            crossover_prob=algorithm.crossover,
            mutation_prob=algorithm.mutation,
            seed=own,
        )
    if isinstance(algorithm, Annealing):
        return SimulatedAnnealingSampler(algorithm, seed=seed, proposals=own)
    if isinstance(algorithm, Tpe):
        return TPESampler(n_startup_trials=algorithm.start, seed=own)
    return RandomSampler(seed=own)
