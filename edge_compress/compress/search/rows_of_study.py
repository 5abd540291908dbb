"""A trial in the storage, read as what became of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from edge_compress.compress.search.alive import CLAIM, name_of
from edge_compress.compress.search.trial import FinishedTrial, TrialEnd

BEGUN = "begun"  # seconds since 1970, of the last attempt: Optuna's times know no time zone
ENDED = "ended"
WHY = "why"
FIGURES = "figures"
VIOLATIONS = "violations"
DISCARDED = "discarded"  # a trial that counts for nothing: it had been tried before

VIOLATION = "violation"  # the one constraint that Optuna's samplers see: the sum of all


def finished(trial: FrozenTrial) -> FinishedTrial | None:
    """The row of a trial; None while it is running."""
    if not trial.state.is_finished():
        return None
    told = trial.user_attrs
    violations = told.get(VIOLATIONS, {})
    claim = told.get(CLAIM) or {}
    return FinishedTrial(
        number=trial.number,
        values=trial.params,
        state=_state(trial, violations),
        why=told.get(WHY, ""),
        objectives=tuple(v if math.isfinite(v) else None for v in trial.values or ()),
        violations=violations,
        figures=told.get(FIGURES, {}),
        seconds=max(0.0, told.get(ENDED, 0.0) - told.get(BEGUN, 0.0)),
        worker=name_of(claim.get("worker")),
        attempts=claim.get("attempt", 1),
    )


def intervals(trials: Iterable[FrozenTrial]) -> Iterator[tuple[float, float]]:
    """From when to when each finished trial was worked on, in seconds since 1970."""
    for trial in trials:
        told = trial.user_attrs
        if BEGUN in told and ENDED in told:
            yield told[BEGUN], told[ENDED]


def _state(trial: FrozenTrial, violations: dict[str, Any]) -> TrialEnd:
    if trial.state == TrialState.COMPLETE:
        return "infeasible" if any(v > 0 for v in violations.values()) else "complete"
    return "stopped" if trial.state == TrialState.PRUNED else "failed"
