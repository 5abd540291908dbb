"""The report of a search as one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from edge_compress.compress.report import search_figures as figures
from edge_compress.compress.report.search_plots import history_plots, prediction
from edge_compress.compress.report.search_scatter import scatters
from edge_compress.compress.report.search_table import front
from edge_compress.compress.search.importance import least_trials
from edge_compress.compress.search.record import CandidateFigures, SearchRecord, TrialRow
from edge_compress.pages import units
from edge_compress.pages.environment import environment

_BARS = 8  # parameters of one objective that have a bar; the others' shares are told together


class Row(NamedTuple):
    """A candidate as a row of a table: figures and parameters as text."""

    number: int
    state: str
    why: str
    cells: tuple[str, ...]
    parameters: tuple[str, ...]


class Bars(NamedTuple):
    """What explains one objective: shares by the parameters' short names."""

    objective: str
    shares: dict[str, float]
    others: float
    together: float


def write_search_report(path: Path, record: SearchRecord) -> None:
    """Write the page: front, importance, history and recipe in one file that needs nothing else.

    It reads on a phone, in light and in dark, with a mouse, with a keyboard, and as a table.

    Args:
        path: the .html file.
        record: what the search has found; also one that is not finished.
    """
    template = environment("edge_compress.compress.report").get_template("search.html.j2")
    path.write_text(template.render(**_view(record)), encoding="utf-8")


def _view(record: SearchRecord) -> dict[str, Any]:
    names = list(dict.fromkeys([*record.space, *(n for t in record.trials for n in t.parameters)]))
    short = figures.short_names(names)
    best = figures.best(record)
    columns = _columns(record)
    return {
        "run": record,
        "best": best,
        "quality_name": figures.quality_name(record),
        "predicted": figures.predicted(record),
        "counts": figures.counts(record),
        "checks": list(figures.checks(record)),
        "scatters": scatters(record),
        "kinds": _kinds(record),
        "columns": columns,
        "names": [(name, short[name]) for name in names],
        "front": [_row(record, row, columns, names) for row in front(record)],
        "rows": [_row(record, row, columns, names) for row in record.trials],
        "finalists": [(one, one.figures or CandidateFigures()) for one in record.finalists],
        "importance": _importance(record, short),
        "least_trials": least_trials(len(names)),
        "histories": history_plots(record),
        "prediction": prediction(record),
    }


def _columns(record: SearchRecord) -> dict[str, str]:
    """Heads of the figures that any candidate has, by a short key."""
    heads = {
        "quality": figures.quality_name(record),
        "latency": figures.axis(record, "latency").name,
        "size": "size",
        "energy": "energy",
        "parameters": "parameters",
        "MACs": "MACs",
    }
    return {key: head for key, head in heads.items() if any(_cells(t)[key] for t in record.trials)}


def _cells(row: CandidateFigures) -> dict[str, str]:
    """Each figure as text; empty where it is unknown."""
    cells: dict[str, str] = {
        name: "" if row.value(name) is None else figures.told(name, row.value(name))
        for name in figures.OBJECTIVES
    }
    cells["parameters"] = "" if row.params is None else units.amount(row.params)
    cells["MACs"] = "" if row.macs is None else units.amount(row.macs)
    return cells


def _row(record: SearchRecord, row: TrialRow, columns: dict[str, str], names: list[str]) -> Row:
    return Row(
        number=row.number,
        state=figures.state_told(record, row),
        why=row.why,
        cells=tuple(_cells(row)[key] or units.UNKNOWN for key in columns),
        parameters=tuple(
            figures.value_told(row.parameters[name]) if name in row.parameters else units.UNKNOWN
            for name in names
        ),
    )


def _kinds(record: SearchRecord) -> list[str]:
    """Which marks the legend has to explain."""
    present = {figures.state_of(record, row) for row in record.trials}
    order = ("chosen", "front", "complete", "infeasible", "stopped", "failed")
    return [kind for kind in order if kind in present]


def _importance(record: SearchRecord, short: dict[str, str]) -> list[Bars]:
    found = []
    for objective in record.objectives:
        shares = record.importance.get(objective)
        if not shares:
            continue
        ranked = sorted(shares.items(), key=lambda item: -item[1])
        found.append(
            Bars(
                figures.axis(record, objective).name,
                {short.get(name, name): share for name, share in ranked[:_BARS]},
                sum(share for _, share in ranked[_BARS:]),
                sum(shares.values()),
            )
        )
    return found
