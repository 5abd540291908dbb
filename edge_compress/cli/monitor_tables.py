"""The tables of `edge_compress monitor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from edge_compress.cli.telemetry_view import LEVEL_STYLES
from edge_compress.operators.node_view import NodeView, Stream
from edge_compress.telemetry.levels import Level

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_WIDE = 100  # columns
_WIDER = 120


@dataclass(frozen=True)
class _Column:
    """A figure of the table of detectors.

    Attributes:
        title: with the unit, where it is not in the legend of docs/operators.md.
        least_width: of the terminal, to be shown at all.
        cell: of one stream.
        shared: the same for all streams of a node, so shown once.
    """

    title: str
    least_width: int
    cell: Callable[[NodeView, Stream], str]
    shared: bool = False


_COLUMNS = (
    _Column("Hz", 0, lambda _, stream: _number(stream.rate_hz, 1)),
    _Column("in Hz", _WIDER, lambda _, stream: _number(stream.input_rate_hz, 1)),
    _Column("p50 ms", 0, lambda _, stream: _number(stream.latency_p50_ms, 1)),
    _Column("p99 ms", 0, lambda _, stream: _number(stream.latency_p99_ms, 1)),
    _Column("age ms", _WIDE, lambda _, stream: _number(stream.age_p50_ms, 1)),
    _Column("drop/s", 0, lambda _, stream: _number(stream.drops_per_s, 1)),
    _Column("dropped", _WIDE, lambda _, stream: str(stream.dropped)),
    _Column("W", 0, lambda view, _: _number(view.power_w, 1), shared=True),
    _Column("mJ", _WIDER, lambda view, _: _number(view.energy_mj, 0), shared=True),
    _Column("°C", 0, lambda view, _: _number(view.celsius, 0), shared=True),
)


def detector_table(views: Sequence[NodeView], width: int, room: int) -> Table:
    """Return a row for each camera of each detector.

    Args:
        views: of detectors.
        width: of the terminal; narrow ones get fewer columns.
        room: for so many rows; what is left out is counted.
    """
    columns = [column for column in _COLUMNS if width >= column.least_width]
    table = _table("detector", "")
    for column in columns:
        table.add_column(column.title, justify="right", no_wrap=True)
    rows = [(view, number, stream) for view in views for number, stream in _streams(view)]
    for view, number, stream in rows[:room]:
        cells = [
            "" if column.shared and number else column.cell(view, stream) for column in columns
        ]
        name = f"{view.name} {stream.camera}" if stream.camera else view.name
        level = stream.level if view.streams else view.level
        table.add_row(_text(name), _level(level), *cells, style=_style(view))
    if len(rows) > room:
        table.add_row(f"… {len(rows) - room} more", "")
    return table


def _streams(view: NodeView) -> Iterable[tuple[int, Stream]]:
    return enumerate(view.streams or (Stream(),))


def rest_table(views: Sequence[NodeView]) -> Table:
    """Return a row for each node that is no detector."""
    table = _table("node", "")
    for title in ("Hz", "drop/s"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("says", overflow="fold")
    for view in views:
        stream = view.streams[0] if view.streams else Stream()
        figures = _number(stream.rate_hz, 1), _number(stream.drops_per_s, 1)
        kind = "" if view.kind == "other" else f"{view.kind}: "
        # What it complains of is told above.
        says = _text(view.kind if view.complaints else f"{kind}{view.message}")
        table.add_row(_text(view.name), _level(view.level), *figures, says, style=_style(view))
    return table


def model_table(views: Sequence[NodeView]) -> Table:
    """Return what each detector runs, and why frames were dropped."""
    table = _table("detector")
    for title in ("runs on", "variant", "bundle", "dropped"):
        table.add_column(title, overflow="fold")
    for view in views:
        bundle = PurePath(view.bundle).name if view.bundle else "-"
        drops: Counter[str] = Counter()
        for stream in view.streams:
            drops.update(stream.drops)
        causes = ", ".join(f"{count} {cause}" for cause, count in drops.items())
        throttled = ", throttled" if view.throttled else ""
        runs_on = f"{view.provider or view.state or '-'}{throttled}"
        told = (view.name, runs_on, view.variant or "-", bundle, causes or "-")
        table.add_row(*map(_text, told), style=_style(view))
    return table


def _table(*names: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=not name)
    return table


def _level(level: Level) -> Text:
    from rich.text import Text

    return Text(level.name, style=LEVEL_STYLES[level])


def _style(view: NodeView) -> str:
    return "dim" if view.silent else ""


def _number(number: float | None, digits: int) -> str:
    return "-" if number is None else f"{number:.{digits}f}"


def _text(text: str) -> Text:
    from rich.text import Text

    return Text(clean(text))


def clean(text: str) -> str:
    """Return text that does nothing to the terminal: it comes from the network."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
