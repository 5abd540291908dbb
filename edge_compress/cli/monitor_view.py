"""The picture of `edge_compress monitor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from edge_compress.cli.monitor_tables import clean, detector_table, model_table, rest_table
from edge_compress.cli.telemetry_view import LEVEL_STYLES
from edge_compress.operators.fleet import Picture
from edge_compress.operators.node_view import NodeView
from edge_compress.telemetry.levels import Level

if TYPE_CHECKING:
    from rich.console import ConsoleDimensions, Group, RenderableType
    from rich.text import Text

_LEVELS = (Level.ERROR, Level.STALE, Level.WARN)


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
    from rich.text import Text

    views = now.views
    detectors = [view for view in views if view.kind == "detector"]
    rest = [view for view in views if view.kind != "detector"]
    complaints = list(_complaints(views))
    for_complaints = min(len(complaints), max(2, size.height // 3))
    room = max(3, size.height - 6 - for_complaints)
    if whole:
        room, for_complaints = (
            len(views) + sum(len(view.streams) for view in views),
            len(complaints),
        )
    parts: list[RenderableType] = [_heading(now, heading)]
    if now.unheard:
        parts.append(Text(clean(f"not heard, though there to be heard: {', '.join(now.unheard)}")))
    if not views:
        parts.append("no node of edge_compress speaks on /diagnostics (yet)")
    if detectors:
        parts.append(detector_table(detectors, size.width, room))
    if complaints:
        parts += ["", *complaints[:for_complaints]]
        if len(complaints) > for_complaints:
            parts.append(f"… {len(complaints) - for_complaints} more")
    if rest:
        parts += ["", rest_table(rest)]
    if detectors:
        parts += ["", model_table(detectors)]
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


def _complaints(views: Iterable[NodeView]) -> Iterator[Text]:
    from rich.text import Text

    found = [(view, complaint) for view in views for complaint in view.complaints]
    for view, complaint in sorted(found, key=lambda pair: _LEVELS.index(pair[1].level)):
        text = Text(f"{complaint.level.name:5} ", style=LEVEL_STYLES[complaint.level])
        where = f"{view.name}: {complaint.task}" if complaint.task else view.name
        text.append(f"{clean(where)} ", style="bold")
        text.append(f"for {_duration(complaint.for_s)}: ", style="dim")
        text.append(clean(complaint.message), style="default not bold")
        yield text


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
