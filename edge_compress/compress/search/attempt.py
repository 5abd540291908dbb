"""One trial in a worker's hands: claimed, evaluated, and told to the storage."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState, create_trial

from edge_compress.compress.search.alive import BEAT, CLAIM, this_worker
from edge_compress.compress.search.domain import Value
from edge_compress.compress.search.rows_of_study import (
    BEGUN,
    DISCARDED,
    ENDED,
    FIGURES,
    VIOLATION,
    VIOLATIONS,
    WHY,
)
from edge_compress.compress.search.storage import patiently
from edge_compress.compress.search.study import Study
from edge_compress.compress.search.trial import Outcome, TrialEnded, TrialFailed


class Attempt:
    """A trial that this worker has claimed; a `Trial` to whoever evaluates it."""

    def __init__(self, study: Study, trial_id: int, attempt: int) -> None:
        self._study = study
        self._id = trial_id
        self.attempt = attempt
        self.number: int
        self.values: Mapping[str, Value]
        self.number, self.values = patiently(lambda: _drawn(study, trial_id), study.where)
        self.mapping: Mapping[str, Any] = study.space.fill(self.values)
        self.key = study.space.key(self.values)

    @classmethod
    def new(cls, study: Study) -> Attempt:
        """Begin the next trial. It appears in the storage together with its claim."""
        template = create_trial(state=TrialState.RUNNING, user_attrs=_claim(1))
        study_id = study.optuna._study_id
        made = patiently(lambda: study.storage.create_new_trial(study_id, template), study.where)
        return cls(study, made, 1)

    @classmethod
    def again(cls, study: Study, orphan: FrozenTrial) -> Attempt | None:
        """Take over a trial whose worker died; None if another worker was quicker."""
        trial_id = orphan._trial_id
        latest = patiently(lambda: study.storage.get_trial(trial_id), study.where)
        before = orphan.user_attrs.get(CLAIM)
        if latest.state.is_finished() or latest.user_attrs.get(CLAIM) != before:
            return None
        claim = _claim(int((before or {}).get("attempt", 0)) + 1)
        for key, value in claim.items():
            _set(study, trial_id, key, value)
        latest = patiently(lambda: study.storage.get_trial(trial_id), study.where)
        if latest.user_attrs.get(CLAIM) != claim[CLAIM]:
            return None
        return cls(study, trial_id, claim[CLAIM]["attempt"])

    def beat(self, count: int) -> None:
        """Say that the worker is alive; without patience, since the next beat comes soon."""
        self._study.storage.set_trial_user_attr(self._id, BEAT, count)

    def tell(self, outcome: Outcome) -> None:
        """Record what was found out.

        Raises:
            ValueError: for an outcome that does not fit the objectives.
        """
        values = self._checked(outcome)
        self._set(FIGURES, dict(outcome.figures))
        self._set(VIOLATIONS, dict(outcome.violations))
        self._constrain(sum(v for v in outcome.violations.values() if v > 0))
        self._finish(TrialState.COMPLETE, values)

    def tell_end(self, end: TrialEnded) -> None:
        """Record that it failed or was stopped, and why."""
        self._set(FIGURES, end.figures)
        self._set(WHY, str(end) or type(end).__name__)
        failed = isinstance(end, TrialFailed)
        self._finish(TrialState.FAIL if failed else TrialState.PRUNED, None)

    def discard(self, why: str) -> None:
        """Take it out of the study: it counts for nothing."""
        self._set(DISCARDED, why)
        self._finish(TrialState.FAIL, None)

    def give_back(self) -> None:
        """Leave it for the next worker, as if it had not been begun."""
        self._set(CLAIM, {"worker": None, "attempt": self.attempt - 1})

    def _checked(self, outcome: Outcome) -> list[float]:
        """One number for each objective; the worst there is for what was not measured."""
        directions = self._study.objectives.values()
        if len(outcome.values) != len(directions):
            raise ValueError(f"{len(directions)} values are needed, got {len(outcome.values)}")
        values = []
        for value, direction in zip(outcome.values, directions, strict=True):
            if value is None and outcome.feasible:
                raise ValueError("a value may be left out only when a constraint is broken")
            worst = math.inf if direction == "minimize" else -math.inf
            values.append(worst if value is None else float(value))
        if any(math.isnan(number) for number in (*values, *outcome.violations.values())):
            raise ValueError(f"not a number: {outcome}")
        return values

    def _constrain(self, violation: float) -> None:
        trial = optuna.Trial(self._study.optuna, self._id)
        if VIOLATION not in trial.constraints:  # else of an attempt that died right after
            patiently(lambda: trial.set_constraint(VIOLATION, violation), self._study.where)

    def _finish(self, state: TrialState, values: list[float] | None) -> None:
        self._set(ENDED, time.time())

        def tell() -> None:
            try:
                self._study.storage.set_trial_state_values(self._id, state, values)
            except UpdateFinishedTrialError:  # by another worker that took this one for dead
                return

        patiently(tell, self._study.where)

    def _set(self, key: str, value: Any) -> None:
        _set(self._study, self._id, key, value)


def _drawn(study: Study, trial_id: int) -> tuple[int, dict[str, Value]]:
    """Number and values; what an earlier attempt has drawn stays."""
    # Optuna remembers the finished trials until it is asked for the next one; this is not asked.
    fresh = optuna.load_study(
        study_name=study.name, storage=study.storage, sampler=study.optuna.sampler
    )
    trial = optuna.Trial(fresh, trial_id)
    values = {name: trial._suggest(name, d) for name, d in study.space.distributions.items()}
    return trial.number, values


def _claim(attempt: int) -> dict[str, Any]:
    return {CLAIM: {"worker": this_worker(), "attempt": attempt}, BEGUN: time.time()}


def _set(study: Study, trial_id: int, key: str, value: Any) -> None:
    def write() -> None:
        try:
            study.storage.set_trial_user_attr(trial_id, key, value)
        except UpdateFinishedTrialError:  # by another worker that took this one for dead
            return

    patiently(write, study.where)
