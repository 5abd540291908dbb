"""Progress of work inside other work, whose single notes would bury the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from edge_compress.compress.progress import Progress

T = TypeVar("T")


class Muted:
    """Shows bars, and can be cancelled, but says nothing that stays."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def track(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
        """Yield the items behind a bar."""
        return self._progress.track(items, what, total)

    def note(self, text: str) -> None:
        """Drop the line."""
