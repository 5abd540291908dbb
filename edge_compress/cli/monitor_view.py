"""The picture of `edge_compress monitor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from edge_compress.cli.telemetry_view import LEVEL_STYLES
from edge_compress.operators.fleet import Picture
from edge_compress.operators.node_view import NodeView, Stream
from edge_compress.telemetry.levels import Level

if TYPE_CHECKING:
    from rich.console import ConsoleDimensions, Group, RenderableType
    from rich.table import Table
    from rich.text import Text

_WIDE = 100  # columns
_WIDER = 120
_LEVELS = (Level.ERROR, Level.STALE, Level.WARN)


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


def picture(
    now: Picture,
    heading: str,
    size: ConsoleDimensions,
    *,
    whole: bool = False,
) -> Group:
    """Return all nodes, what is most wanted first, since a screen cuts off what does not fit.

    Args:
        now: all there is to show.
        heading: the first line, beside the counts.
        size: of the terminal; narrow ones get fewer columns.
        whole: nothing is cut off, as in a file or a terminal that scrolls.
    """
    from rich.console import Group

    views = now.views
    detectors = [view for view in views if view.kind == "detector"]
    rest = [view for view in views if view.kind != "detector"]
    room = 10_000 if whole else max(3, size.height - 8)
    parts: list[RenderableType] = [_heading(now, heading)]
    if now.unheard:
        parts.append(_text(f"not heard, though there to be heard: {', '.join(now.unheard)}"))
    if not views:
        parts.append("no node of edge_compress speaks on /diagnostics (yet)")
    if detectors:
        parts.append(_detector_table(detectors, size.width, room))
    complaints = list(_complaints(views))
    if complaints:
        parts += ["", *(complaints if whole else complaints[:room])]
    if rest:
        parts += ["", _rest_table(rest)]
    if detectors:
        parts += ["", _model_table(detectors)]
    return Group(*parts)


def _heading(now: Picture, heading: str) -> Text:
    from rich.text import Text

    kinds = Counter(view.kind for view in now.views)
    text = Text(f"{heading}  ", no_wrap=True, overflow="ellipsis")
    text.append(", ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in kinds.items()))
    levels = Counter(view.level for view in now.views)
    for level in _LEVELS:
        if levels[level]:
            text.append(f"  {levels[level]} {level.name}", style=LEVEL_STYLES[level])
    if now.others:
        text.append(f"  {now.others} of other packages (--all)", style="dim")
    return text


def _detector_table(views: Sequence[NodeView], width: int, room: int) -> Table:
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


def _rest_table(views: Sequence[NodeView]) -> Table:
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


def _model_table(views: Sequence[NodeView]) -> Table:
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


def _complaints(views: Iterable[NodeView]) -> Iterator[Text]:
    from rich.text import Text

    found = [(view, complaint) for view in views for complaint in view.complaints]
    for view, complaint in sorted(found, key=lambda pair: _LEVELS.index(pair[1].level)):
        text = Text(f"{complaint.level.name:5} ", style=LEVEL_STYLES[complaint.level])
        where = f"{view.name}: {complaint.task}" if complaint.task else view.name
        text.append(f"{_clean(where)} ", style="bold")
        text.append(f"for {_duration(complaint.for_s)}: ", style="dim")
        text.append(_clean(complaint.message), style="default not bold")
        yield text


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


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _text(text: str) -> Text:
    from rich.text import Text

    return Text(_clean(text))


def _clean(text: str) -> str:
    """Return text that does nothing to the terminal: it comes from the network."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
