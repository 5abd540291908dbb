"""A study's finished trials as the rows of a record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge_compress.compress.search.evaluate import LOOKS
from edge_compress.compress.search.hopeless import Finished
from edge_compress.compress.search.record import (
    Best,
    CandidateFigures,
    History,
    ObjectiveName,
    TrialRow,
)
from edge_compress.compress.search.trial import FinishedTrial

NOT_TRAINED = "not trained, since its structure already costs too much"


def rows_of(trials: Iterable[FinishedTrial]) -> tuple[TrialRow, ...]:
    """One row for each different candidate, by number."""
    return tuple(_row(trial) for trial in trials)


def finished_of(trials: Iterable[FinishedTrial]) -> list[Finished]:
    """The candidates that went all the way, for who judges others by them."""
    return [
        Finished(
            looks=trial.figures.get(LOOKS, {}),
            figures=figures_of(trial),
            feasible=trial.state == "complete",
        )
        for trial in trials
        if trial.state in ("complete", "infeasible")
    ]


def figures_of(trial: FinishedTrial) -> CandidateFigures:
    """What is known of a trial's candidate."""
    known = CandidateFigures.model_fields
    return CandidateFigures(**{k: v for k, v in trial.figures.items() if k in known})


def better_first(rows: Iterable[TrialRow], objective: ObjectiveName) -> list[TrialRow]:
    """Rows that have the figure, the best first; of equals the earlier one."""
    measured = [row for row in rows if row.value(objective) is not None]
    return sorted(measured, key=lambda row: row.cost(objective))


def histories(
    rows: Sequence[TrialRow], objectives: Sequence[ObjectiveName], algorithm: str
) -> tuple[History, ...]:
    """How the best value of each objective came about, among candidates that meet the budget."""
    found = []
    for objective in objectives:
        best: list[Best] = []
        least = float("inf")
        for row in rows:
            value = row.value(objective)
            if row.state == "complete" and value is not None and row.cost(objective) < least:
                least = row.cost(objective)
                best.append(Best(number=row.number, value=value))
        found.append(History(algorithm=algorithm, objective=objective, best=tuple(best)))
    return tuple(found)


def _row(trial: FinishedTrial) -> TrialRow:
    figures = figures_of(trial)
    why = trial.why
    if trial.state == "infeasible":
        untrained = [NOT_TRAINED] if figures.quality is None else []
        why = "; ".join([*trial.figures.get("broken", []), *untrained])
    return TrialRow(
        **figures.model_dump(),
        number=trial.number,
        parameters=dict(trial.values),
        state=trial.state,
        why=why,
        seconds=trial.seconds,
        worker=trial.worker,
    )
