"""A bar over frames, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def shown(frames: Iterable[T], total: int, what: str = "detecting") -> Iterator[T]:
    """Yield the frames, with a bar on a terminal.

    Args:
        frames: to go through.
        total: how many there should be; 0 when nobody knows.
        what: is done with them.
    """
    if not sys.stderr.isatty():
        yield from frames
        return
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(frames, what, total or None, console=console, transient=True)
