"""The front of a search as a table for the terminal."""

from __future__ import annotations

from rich import box
from rich.markup import escape
from rich.table import Table

from edge_compress.compress.report.search_figures import (
    axis,
    counts,
    quality_name,
    short_names,
    state_of,
    told,
    value_told,
)
from edge_compress.compress.search.record import (
    CandidateFigures,
    ObjectiveName,
    SearchRecord,
    TrialRow,
)


def search_table(record: SearchRecord) -> Table:
    """The front, best quality first, and the finalists, with the same figures as the page."""
    shown: list[ObjectiveName] = ["quality", "latency", "size"]
    if any(row.energy_mj is not None for row in record.trials):
        shown.append("energy")
    table = Table(
        title=f"{record.name}: {len(record.front)} on the front of {len(record.trials)}",
        caption=f"{counts(record)}; {quality_name(record)} of candidates is after short training",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("no.", justify="right")
    table.add_column("")
    for name in shown:
        table.add_column(axis(record, name).name, justify="right")
    table.add_column("parameters", overflow="fold", min_width=28)
    if record.original is not None:
        table.add_row("", "original", *_figures(record.original, shown), "")
        table.add_section()
    for row in front(record):
        chosen = row.number == record.chosen
        table.add_row(
            str(row.number),
            state_of(record, row) if chosen else "",
            *_figures(row, shown),
            escape(parameters_told(row)),
            style="green" if chosen else "",
        )
    if record.finalists:
        table.add_section()
    for one in record.finalists:
        cells = _figures(one.figures or CandidateFigures(), shown)
        why = one.why or ("meets the budget" if one.meets_budget else "")
        style = "bold" if one.number == record.chosen else ""
        table.add_row(str(one.number), "in full", *cells, escape(why), style=style)
    return table


def front(record: SearchRecord) -> list[TrialRow]:
    """The candidates of the front, best quality first."""
    rows = [row for row in record.trials if row.number in record.front]
    return sorted(rows, key=lambda row: (-(row.quality or 0.0), row.number))


def parameters_told(row: TrialRow) -> str:
    """All parameters of a candidate in one line."""
    short = short_names(row.parameters)
    return ", ".join(f"{short[name]} {value_told(value)}" for name, value in row.parameters.items())


def _figures(figures: CandidateFigures, shown: list[ObjectiveName]) -> list[str]:
    return [told(name, figures.value(name)) for name in shown]
