"""Which parameters of a search matter, and for what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator

from edge_compress.compress.search.record import ObjectiveName, TrialRow

LEAST_TRIALS = 10  # fewer tell nothing, however few the parameters are
TRIALS_A_PARAMETER = 2
# Half of Optuna's trees and a tenth of their depth: the shares differ by a hundredth, and 1,000
# trials of 12 parameters take 1 s where they took 44 s.
_TREES, _DEPTH = 32, 6


def importance(
    trials: Sequence[TrialRow], objectives: Sequence[ObjectiveName]
) -> dict[str, dict[str, float]]:
    """Say how much of each objective's variation every parameter explains by itself.

    A forest of regression trees is fitted to the trials, and its variance is split over the whole
    space (functional ANOVA), so that it matters little where the search has looked most.

    Source: F. Hutter, H. Hoos, K. Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter
    Importance", ICML 2014.

    Args:
        trials: of one search. Candidates that do not meet the budget count as well.
        objectives: of that search.

    Returns:
        By objective, each parameter's share of the variance, 0-1, largest first. Together they are
        1 at most: the rest belongs to combinations of parameters. An objective is absent that was
        measured too seldom (see `least_trials`) or always came out the same.
    """
    found: dict[str, dict[str, float]] = {}
    for objective in objectives:
        measured = [(row, value) for row in trials if (value := _value(row, objective)) is not None]
        names = {name for row, _ in measured for name in row.parameters}
        values = {value for _, value in measured}
        if len(values) > 1 and len(measured) >= least_trials(len(names)):
            found[objective] = _shares(measured, names)
    return found


def least_trials(parameters: int) -> int:
    """How many measured trials it takes to say anything about that many parameters."""
    return max(LEAST_TRIALS, TRIALS_A_PARAMETER * parameters)


def _value(row: TrialRow, objective: ObjectiveName) -> float | None:
    # What was given up early has the quality of that moment.
    unfinished = row.state == "failed" or (row.state == "stopped" and objective == "quality")
    return None if unfinished else row.value(objective)


def _shares(measured: Sequence[tuple[TrialRow, float]], names: set[str]) -> dict[str, float]:
    columns = {}
    distributions: dict[str, BaseDistribution] = {}
    for name in sorted(names):
        values = [row.parameters.get(name) for row, _ in measured]
        columns[name], distributions[name] = _levels(values)
    study = _quiet_study()
    study.add_trials(
        [
            optuna.create_trial(
                params={name: column[place] for name, column in columns.items()},
                distributions=distributions,
                value=value,
            )
            for place, (_, value) in enumerate(measured)
        ]
    )
    # Not scaled to 1 in sum: then pure noise would look like a finding.
    evaluator = FanovaImportanceEvaluator(n_trees=_TREES, max_depth=_DEPTH, seed=0)
    shares = evaluator.evaluate(study)
    return {name: min(1.0, max(0.0, float(share))) for name, share in shares.items()}


def _quiet_study() -> optuna.Study:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it announces each study
    try:
        return optuna.create_study()
    finally:
        optuna.logging.set_verbosity(verbosity)


def _levels(values: Sequence[Any]) -> tuple[list[int], BaseDistribution]:
    """Numbers by rank, so that a logarithmic range counts evenly; all else as categories."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    keys = list(values) if numbers else [json.dumps(v, sort_keys=True, default=str) for v in values]
    place = {key: index for index, key in enumerate(sorted(set(keys)))}
    last = len(place) - 1
    ranks = [place[key] for key in keys]
    return ranks, IntDistribution(0, last) if numbers else CategoricalDistribution(range(last + 1))
