"""A trial is drawn from the seed, its number, and what is finished; nothing is drawn twice."""

from __future__ import annotations

import optuna
import pytest
from optuna.trial import TrialState

from edge_compress.compress.search.algorithm import Annealing, Genetic, Random, Tpe
from edge_compress.compress.search.samplers import sampler_for
from edge_compress.compress.search.space import Space

ALGORITHMS = [Random(), Genetic(population=3), Annealing(start=3), Tpe(start=3)]
SPACE = Space.of(
    {
        "a": {"search": {"low": 0, "high": 6}},
        "b": {"search": ["x", "y"]},
        "c": {"search": ["alone"]},
    }
)


def study_of(algorithm, space=SPACE, seed=0, **more):
    return optuna.create_study(
        directions=["maximize", "minimize"], sampler=sampler_for(algorithm, seed, space, **more)
    )


def step(study, space=SPACE, state=None):
    trial = study.ask(dict(space.distributions))
    if state is None:
        a = trial.params.get("a", 1)
        study.tell(trial, (a, (a - 4) ** 2))
    else:
        study.tell(trial, state=state)
    return trial.params


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda a: a.kind)
def test_a_new_sampler_on_the_same_trials_draws_the_same_next(algorithm):
    one = study_of(algorithm)
    for _ in range(8):
        step(one)
    other = study_of(algorithm)
    other.add_trials(one.get_trials())
    assert step(other) == step(one)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda a: a.kind)
def test_a_space_is_gone_through_without_repeating(algorithm):
    study = study_of(algorithm)
    seen = [tuple(step(study).values()) for _ in range(SPACE.size)]
    assert len(set(seen)) >= SPACE.size - 1  # the last one may be missed by random draws


def test_values_without_effect_make_nothing_new():
    space = Space.of(
        {"passes": [{"kind": "x", "optional": True, "a": {"search": [1, 2, 3, 4, 5, 6, 7, 8]}}]}
    )
    study = study_of(Random(), space)
    keys = [space.key(step(study, space)) for _ in range(9)]
    assert len(set(keys)) == len(keys) == space.size


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda a: a.kind)
def test_failed_and_stopped_trials_do_no_harm_and_are_not_repeated(algorithm):
    study = study_of(algorithm)
    states = [None, TrialState.FAIL, TrialState.PRUNED] * 4
    seen = [tuple(step(study, state=state).values()) for state in states]
    assert len(set(seen)) == len(seen)


def test_an_exhausted_space_gives_something_known():
    space = Space.of({"a": {"search": [1, 2]}})
    study = study_of(Random(), space)
    assert sorted(step(study, space)["a"] for _ in range(2)) == [1, 2]
    assert step(study, space)["a"] in {1, 2}


def test_the_first_trials_may_be_given_wholly_or_in_part():
    study = study_of(Random(), first=[{"a": 4, "b": "y", "c": "alone"}, {"a": 5}])
    assert step(study) == {"a": 4, "b": "y", "c": "alone"}
    assert step(study)["a"] == 5
