"""The figures of a run as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from edge_compress.bundle.schema import Measurement
from edge_compress.compress.record import RunRecord
from edge_compress.compress.report.figures import (
    latency_place,
    p50,
    quality,
    quality_name,
    quality_note,
    size_ratio,
    speedup,
    steps,
)
from edge_compress.pages import units

_STYLES = {"original": "", "kept": "green", "rolled back": "yellow"}


def terminal_table(record: RunRecord) -> Table:
    """The original, each pass, and the final model, with the same figures as the page."""
    table = Table(
        title=f"{record.recipe}: {units.times(speedup(record))} faster, "
        f"{units.times(size_ratio(record))} smaller",
        caption=f"latency is {latency_place(record)}; {quality_note(record)}",
    )
    table.add_column("model")
    table.add_column("")
    latency = "predicted" if record.final.predicted else "p50"
    for name in (latency, "size", "params", "MACs", quality_name(record)):
        table.add_column(name, justify="right")
    for step in steps(record):
        cells = _cells(step.measured)
        shown = "" if step.state == "original" else step.state
        table.add_row(step.name, shown, *cells, style=_STYLES[step.state])
    table.add_section()
    table.add_row("final", "", *_cells(record.final), style="bold")
    return table


def _cells(measured: Measurement | None) -> list[str]:
    if measured is None:
        return [units.UNKNOWN] * 5
    return [
        units.milliseconds(p50(measured)),
        units.megabytes(measured.size_bytes),
        units.amount(measured.params),
        units.amount(measured.macs),
        units.share(quality(measured)),
    ]
