"""An analysis of sensitivity as a table for the terminal."""

from __future__ import annotations

from rich import box
from rich.markup import escape
from rich.table import Table

from edge_compress.compress.report.figures import quality_called
from edge_compress.compress.report.heat_map import level
from edge_compress.compress.sensitivity.record import Sensitivity
from edge_compress.pages import units

_STYLES = ("", "", "yellow", "yellow", "red", "bold red")  # by the level of the heat map


def sensitivity_table(sensitivity: Sensitivity) -> Table:
    """A row for each layer, with the same figures as the page."""
    quality = quality_called(sensitivity.task, labelled=sensitivity.labelled)
    table = Table(
        title=f"{sensitivity.recipe}: points of {quality} lost when one layer alone is treated",
        caption=f"untreated {sensitivity.baseline:.3f} on {sensitivity.frames} frames that were "
        f"not held out; time on {sensitivity.device}, {sensitivity.threads} thread(s)",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("layer", overflow="fold")
    for name in ("params", "MACs", "time"):
        table.add_column(name, justify="right")
    for treatment in sensitivity.treatments:
        table.add_column(treatment.label, justify="right")
    for layer in sensitivity.layers:
        shares = (
            units.percent(layer.params, sensitivity.params),
            units.percent(layer.macs, sensitivity.macs),
            units.percent(layer.milliseconds, sensitivity.milliseconds),
        )
        costs = []
        for place in range(len(sensitivity.treatments)):
            drop = sensitivity.drop(layer, place)
            style = _STYLES[level(drop)] if drop is not None else ""
            text = units.points(drop)
            costs.append(f"[{style}]{text}[/]" if style else text)
        table.add_row(escape(layer.name), *shares, *costs)
    return table
