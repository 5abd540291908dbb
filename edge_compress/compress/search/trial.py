"""A trial: what is tried, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from edge_compress.compress.search.domain import Value

TrialEnd = Literal["complete", "infeasible", "failed", "stopped"]


class TrialEnded(Exception):
    """These parameters give nothing; the message says why. The search goes on."""

    def __init__(self, why: str, figures: Mapping[str, Any] | None = None) -> None:
        """End a trial.

        Args:
            why: one sentence.
            figures: what was found out until then, for the record; what JSON holds.
        """
        super().__init__(why)
        self.figures = dict(figures or {})


class TrialFailed(TrialEnded):
    """The candidate cannot be made or measured."""


class TrialStopped(TrialEnded):
    """The candidate is given up as hopeless."""


@dataclass(frozen=True)
class Outcome:
    """What was found out about a candidate.

    Attributes:
        values: one for each objective, in their order; None for what was not measured because a
            constraint was broken before, which is allowed only then.
        violations: by how much each constraint is broken: above 0 is broken, any other number is
            met. In shares of what is allowed, so that they can be added up. Every candidate of a
            study names the same constraints, as far as it was judged by them.
        figures: anything else that JSON holds, for the record.
    """

    values: Sequence[float | None]
    violations: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def feasible(self) -> bool:
        """Whether no constraint is broken."""
        return all(violation <= 0 for violation in self.violations.values())


class Trial(Protocol):
    """What `evaluate` gets.

    Attributes:
        number: from 0; stays the same when the trial is tried again after its worker died.
        values: of every parameter of the space.
        mapping: the space filled with them.
        attempt: from 1.
    """

    number: int
    values: Mapping[str, Value]
    mapping: Mapping[str, Any]
    attempt: int


@dataclass(frozen=True)
class FinishedTrial:
    """A row of a study.

    Attributes:
        number: from 0.
        values: of every parameter.
        state: ``complete`` meets all constraints, ``infeasible`` does not.
        why: one sentence if failed or stopped, else empty.
        objectives: one for each objective, None where it was not measured; empty if failed or
            stopped.
        violations: by constraint; above 0 is broken.
        figures: what `evaluate` gave besides.
        seconds: from the start of the last attempt.
        worker: host and process of the last attempt.
        attempts: how often it was begun; more than 1 when a worker died.
    """

    number: int
    values: Mapping[str, Value]
    state: TrialEnd
    why: str
    objectives: tuple[float | None, ...]
    violations: Mapping[str, float]
    figures: Mapping[str, Any]
    seconds: float
    worker: str
    attempts: int
