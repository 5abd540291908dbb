"""The figures of a run as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from edge_compress.bundle.schema import Measurement
from edge_compress.compress.record import RunRecord
from edge_compress.compress.report import units
from edge_compress.compress.report.figures import (
    agreement,
    agreement_name,
    p50,
    size_ratio,
    speedup,
    steps,
)

_STYLES = {"original": "", "kept": "green", "rolled back": "yellow"}


def terminal_table(record: RunRecord) -> Table:
    """The original, each pass, and the final model, with the same figures as the page."""
    machine = f"{record.device}, {record.target.threads} thread(s)"
    table = Table(
        title=f"{record.recipe}: {units.times(speedup(record))} faster, "
        f"{units.times(size_ratio(record))} smaller",
        caption=f"latency is bare inference on {machine}; {agreement_name(record.task)} is "
        "agreement with the original on held-out frames, not accuracy",
    )
    table.add_column("model")
    table.add_column("")
    for name in ("p50", "size", "params", "MACs", agreement_name(record.task)):
        table.add_column(name, justify="right")
    for step in steps(record):
        cells = _cells(record, step.measured, is_original=step.state == "original")
        shown = "" if step.state == "original" else step.state
        table.add_row(step.name, shown, *cells, style=_STYLES[step.state])
    table.add_section()
    table.add_row("final", "", *_cells(record, record.final), style="bold")
    return table


def _cells(
    record: RunRecord, measured: Measurement | None, *, is_original: bool = False
) -> list[str]:
    if measured is None:
        return [units.UNKNOWN] * 5
    agrees = 1.0 if is_original else agreement(measured, record.task)
    return [
        units.milliseconds(p50(measured)),
        units.megabytes(measured.size_bytes),
        units.amount(measured.params),
        units.amount(measured.macs),
        units.share(agrees),
    ]
