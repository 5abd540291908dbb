"""Where a walk stands, and that it cools, ranks and finds what annealing should."""

from __future__ import annotations

import math

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from edge_compress.compress.search.algorithm import Annealing, Random
from edge_compress.compress.search.samplers import SimulatedAnnealingSampler, sampler_for
from edge_compress.compress.search.samplers.walk import standing
from edge_compress.compress.search.space import Space

MINIMIZE = [StudyDirection.MINIMIZE]
COLD = Annealing(start=2, temperature=1e-9, cooling=0.5)


def trials(*rows):
    """Complete trials of one parameter: (values, violation)."""
    made = []
    for number, (values, violation) in enumerate(rows):
        trial = create_trial(
            values=list(values),
            params={"x": number},
            distributions={"x": IntDistribution(0, 99)},
            system_attrs={"constraints:violation": violation},
        )
        trial.number = number
        made.append(trial)
    return made


def at(rows, algorithm=COLD, *, directions=MINIMIZE, seed=0, number=99):
    return standing(trials(*rows), directions, algorithm, seed, number)


def feasible(*values):
    return [((value,), 0.0) for value in values]


def test_a_walk_begins_at_the_best_random_candidate():
    assert at([]).trial is None
    assert at(feasible(3.0, 1.0)).trial.number == 1
    assert at(feasible(3.0, 1.0), directions=[StudyDirection.MAXIMIZE]).trial.number == 0


def test_a_cold_walk_takes_only_what_is_better():
    assert at(feasible(3.0, 2.0, 2.5, 1.0, 1.5)).trial.number == 3


def test_a_hot_walk_takes_nearly_everything():
    hot = Annealing(start=2, temperature=1e9, cooling=0.999)
    assert at(feasible(3.0, 2.0, 2.5, 1.0, 9.0), hot).trial.number == 4


def test_it_cools_by_a_factor_with_every_candidate():
    assert at(feasible(3.0, 2.0)).heat == 1.0
    assert at(feasible(3.0, 2.0, 1.0, 1.0, 1.0)).heat == pytest.approx(0.5**3)


def test_worse_moves_are_taken_as_often_as_metropolis_says():
    """Of a move that is worse by one spread, at a temperature of half of it: exp(-2)."""
    algorithm = Annealing(start=2, temperature=0.5, cooling=0.9)
    rows = feasible(1.0, 3.0, 2.0)  # deviation of the first two is 1; the best is 1.0
    taken = sum(at(rows, algorithm, seed=seed).trial.number == 2 for seed in range(600))
    assert taken / 600 == pytest.approx(math.exp(-2), abs=0.05)


def test_infeasible_candidates_rank_behind_by_their_violation():
    good_but_broken, bad_but_whole = ((0.0,), 0.5), ((9.0,), 0.0)
    assert at([good_but_broken, bad_but_whole]).trial.number == 1
    assert at([((9.0,), 0.9), ((0.0,), 0.8), ((0.0,), 0.3)]).trial.number == 2
    hot = Annealing(start=2, temperature=1e9)
    assert at([bad_but_whole, bad_but_whole, good_but_broken], hot).trial.number == 0


def test_what_was_not_measured_does_no_harm():
    rows = [((math.inf, 1.0), 0.5), ((2.0, 1.0), 0.0), ((3.0, 1.0), 0.0), ((1.0, 1.0), 0.0)]
    assert at(rows, directions=MINIMIZE * 2).trial.number == 3


def test_steps_begin_at_different_ends_of_the_front():
    ends = [((0.0, 1000.0), 0.0), ((1.0, 1.0), 0.0), ((0.6, 600.0), 0.0)]
    algorithm = COLD.model_copy(update={"start": 3})
    stands = {
        at(ends, algorithm, directions=MINIMIZE * 2, number=number).trial.number
        for number in range(20)
    }
    assert stands >= {0, 1}


def test_what_is_dominated_is_no_place_to_stay_at():
    rows = [((2.0, 2.0), 0.0), ((3.0, 3.0), 0.0), ((1.0, 1.0), 0.0), ((2.5, 1.5), 0.0)]
    for number in range(20):
        assert at(rows, directions=MINIMIZE * 2, number=number).trial.number == 2


def test_it_is_a_sampler_of_optuna_by_itself():
    study = optuna.create_study(sampler=SimulatedAnnealingSampler(seed=0))

    def objective(trial):
        x = trial.suggest_int("x", -20, 20)
        y = trial.suggest_float("y", 0.01, 10, log=True)
        return x**2 + abs(y - 1) + (trial.suggest_categorical("c", ["a", "b"]) == "a")

    study.optimize(objective, n_trials=80)
    assert study.best_value < 3
    assert study.best_params["c"] == "b"


def test_failed_and_stopped_trials_are_no_place_to_go_on_from():
    study = optuna.create_study(sampler=SimulatedAnnealingSampler(Annealing(start=1), seed=0))
    space = {"c": CategoricalDistribution(tuple("abcdef"))}
    for state in [TrialState.FAIL, TrialState.PRUNED] * 5:
        study.tell(study.ask(space), state=state)
    assert study.ask(space).params["c"] in "abcdef"


def test_it_finds_more_than_random_search():
    """The least of a valley of 4,096 points in 50 steps, over 6 seeds."""
    space = Space.of({name: {"search": {"low": 0, "high": 15}} for name in "abc"})

    def depth(values):
        a, b, c = (values[name] for name in "abc")
        return (a - 11) ** 2 + (b - 4) ** 2 + (c - b) ** 2

    def found(algorithm, seed):
        study = optuna.create_study(sampler=sampler_for(algorithm, seed, space))
        for _ in range(50):
            trial = study.ask(dict(space.distributions))
            study.tell(trial, depth(trial.params))
        return study.best_value

    wins = [found(Annealing(), s) < found(Random(), s) for s in range(6)]
    assert sum(wins) >= 5


def test_two_objectives_give_a_front():
    space = Space.of({name: {"search": {"low": 0, "high": 15}} for name in "ab"})
    study = optuna.create_study(
        directions=["minimize", "minimize"], sampler=sampler_for(Annealing(), 0, space)
    )
    for _ in range(60):
        trial = study.ask(dict(space.distributions))
        a, b = trial.params["a"], trial.params["b"]
        study.tell(trial, (a + (b - 8) ** 2, (15 - a) + (b - 8) ** 2))
    front = sorted(trial.params["a"] for trial in study.best_trials)
    assert len(front) >= 6
    assert front[0] <= 3
    assert front[-1] >= 12
