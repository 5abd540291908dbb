"""Lines of text on a fleet, for displays that have nothing but lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from edge_compress.operators.fleet import Picture
from edge_compress.operators.node_view import NodeView, Stream
from edge_compress.telemetry.levels import Level


class Line(NamedTuple):
    """A line of printable ASCII, with the level that it is to be coloured by."""

    level: Level
    text: str


def status_lines(picture: Picture, most: int) -> list[Line]:
    """Return a line for each node, and one for each complaint under it.

    Args:
        picture: what is known now.
        most: lines at most; the last one counts those that are left out.
    """
    lines = [Line(level, _plain(text)) for view in picture.views for level, text in _of_node(view)]
    lines = lines or [Line(Level.STALE, "no node of edge_compress speaks on /diagnostics")]
    if len(lines) > most:
        left_out = len(lines) - most + 1
        lines[most - 1 :] = [Line(Level.WARN, f"and {left_out} lines more")]
    return lines


def _of_node(view: NodeView) -> Iterator[tuple[Level, str]]:
    parts = [view.name]
    for stream in view.streams:
        parts += [f"{stream.camera}:"] if stream.camera else []
        parts += _figures(stream)
    parts += [] if view.power_w is None else [f"{view.power_w:.1f} W"]
    parts += [] if view.celsius is None else [f"{view.celsius:.0f} C"]
    parts += ["throttled"] if view.throttled else []
    if not view.streams and not view.complaints:
        parts.append(view.message)
    yield view.level, "  ".join(parts)
    for complaint in view.complaints:
        where = f"{complaint.task}: " if complaint.task else ""
        yield complaint.level, f"{complaint.level.name} {where}{complaint.message}"


def _figures(stream: Stream) -> Iterator[str]:
    if stream.rate_hz is not None:
        yield f"{stream.rate_hz:.1f} Hz"
    if stream.latency_p99_ms is not None:
        yield f"p99 {stream.latency_p99_ms:.0f} ms"
    if stream.drops_per_s:
        yield f"{stream.drops_per_s:.1f} dropped/s"


def _plain(text: str) -> str:
    """Keep to what every font has."""
    return "".join(letter if " " <= letter <= "~" else " " for letter in text.replace("°", ""))
