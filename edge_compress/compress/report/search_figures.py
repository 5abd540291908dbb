"""The figures of a search that its page and its terminal table both show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from edge_compress.compress.report.figures import Check, quality_called
from edge_compress.compress.search.record import (
    CandidateFigures,
    FinalistRow,
    ObjectiveName,
    SearchRecord,
    TrialRow,
    TrialState,
)
from edge_compress.compress.target import reaches
from edge_compress.pages import units

OBJECTIVES: tuple[ObjectiveName, ...] = ("quality", "latency", "size", "energy")
STATES: dict[TrialState, str] = {
    "complete": "meets the budget",
    "infeasible": "misses the budget",
    "stopped": "stopped as hopeless",
    "failed": "failed",
}
_COUNTED: dict[TrialState, str] = {
    "complete": "within the budget",
    "infeasible": "outside it",
    "stopped": "stopped as hopeless",
    "failed": "failed",
}
_UNTOLD = {"passes", "arguments"}  # parts of a path that tell no parameter from another


class Axis(NamedTuple):
    """One figure of a candidate as it is drawn.

    Attributes:
        name: of the figure, such as latency.
        unit: to be written behind a value; empty for a quality.
        scale: what the record's figure is divided by.
    """

    name: str
    unit: str
    scale: float = 1.0


@dataclass(frozen=True)
class Best:
    """The candidate that the page is about.

    Attributes:
        row: as it was ranked.
        finalist: the same after training in full; None if it came to none.
        figures: of the finalist where it was measured, else of the row.
    """

    row: TrialRow
    finalist: FinalistRow | None
    figures: CandidateFigures


def quality_name(record: SearchRecord) -> str:
    """What the quality is called: AP50 of a detector, agreement without labels."""
    return quality_called(record.task, labelled=record.labelled)


def predicted(record: SearchRecord) -> bool:
    """Whether the latency that counts comes from a device's table."""
    return any(row.latency_predicted_ms is not None for row in record.trials)


def state_of(record: SearchRecord, row: TrialRow) -> str:
    """What became of a candidate: chosen, front, or the state of its trial."""
    if row.number == record.chosen:
        return "chosen"
    return "front" if row.number in record.front else row.state


def state_told(record: SearchRecord, row: TrialRow) -> str:
    """The same in words."""
    also = {"chosen": ", chosen", "front": ", front"}.get(state_of(record, row), "")
    return STATES[row.state] + also


def comparable(figures: CandidateFigures, objective: ObjectiveName) -> float | None:
    """A figure, unless it is that of a candidate which was given up on the way."""
    stopped = isinstance(figures, TrialRow) and figures.state == "stopped"
    return None if stopped and objective == "quality" else figures.value(objective)


def axis(record: SearchRecord, objective: ObjectiveName) -> Axis:
    """How an objective is named and scaled."""
    return {
        "quality": Axis(quality_name(record), ""),
        "latency": Axis("predicted latency" if predicted(record) else "latency", "ms"),
        "size": Axis("size", "MB", 1e6),
        "energy": Axis("energy", "mJ"),
    }[objective]


def told(objective: ObjectiveName, value: float | None) -> str:
    """A figure of an objective as text, with its unit."""
    if value is None:
        return units.UNKNOWN
    if objective == "quality":
        return units.share(value)
    if objective == "size":
        return units.megabytes(round(value))
    return units.milliseconds(value) if objective == "latency" else units.millijoules(value)


def value_told(value: Any) -> str:
    """A parameter's value as text."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Each parameter's path by its end, as long as it takes to tell it from the others."""
    parts = {
        name: [part for part in name.split(".") if not part.isdigit() and part not in _UNTOLD]
        for name in names
    }
    short = {}
    for name, own in parts.items():
        first = 2 if name.startswith("passes") else 1  # `prune.keep`: a pass and its parameter
        short[name] = name
        for length in range(first, len(own) + 1):
            ending = own[-length:]
            if sum(other[-length:] == ending for other in parts.values()) == 1:
                short[name] = ".".join(ending)
                break
    return short


def counts(record: SearchRecord) -> str:
    """How many candidates there were, and what became of them, in words."""
    found = Counter(row.state for row in record.trials)
    parts = [f"{found[state]} {text}" for state, text in _COUNTED.items() if found[state]]
    return f"{len(record.trials)} candidates: {', '.join(parts)}" if parts else "no candidate"


def best(record: SearchRecord) -> Best | None:
    """The chosen candidate, or what comes closest to the budget; None if there is nothing."""
    number = record.closest if record.chosen is None else record.chosen
    row = next((row for row in record.trials if row.number == number), None)
    if row is None:
        return None
    finalist = next((one for one in record.finalists if one.number == number), None)
    final = None if finalist is None else finalist.figures
    return Best(row, finalist, row if final is None else final)


def limits(record: SearchRecord, reference: float | None) -> list[tuple[ObjectiveName, float]]:
    """Each limit of the budget, in the units of the record's figures.

    Args:
        record: of the search.
        reference: the quality that `max_drop` is taken from; it differs by the frames.
    """
    budget = record.target.budget
    found: list[tuple[ObjectiveName, float]] = []
    if reference is not None:
        found.append(("quality", max(0.0, reference - budget.max_drop)))
    if budget.latency_ms is not None:
        found.append(("latency", budget.latency_ms))
    if budget.size_mb is not None:
        found.append(("size", budget.size_mb * 1e6))
    if budget.energy_mj is not None:
        found.append(("energy", budget.energy_mj))
    return found


def checks(record: SearchRecord) -> Iterator[Check]:
    """Each limit of the budget, and whether the best candidate keeps it."""
    found = best(record)
    reference = record.reference_quality
    if found is not None and found.finalist is not None and found.finalist.figures is not None:
        reference = found.finalist.reference_quality
    for objective, limit in limits(record, reference):
        got = None if found is None else found.figures.value(objective)
        least = objective == "quality"
        wanted = (
            f"{axis(record, objective).name} at {'least' if least else 'most'} "
            f"{told(objective, limit)}"
        )
        kept = got is not None and (reaches(got, limit) if least else got <= limit)
        yield Check(wanted, told(objective, got), kept)
