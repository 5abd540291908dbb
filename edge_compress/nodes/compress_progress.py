"""A run's progress, as another thread reports it, and its cancellation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from edge_compress.compress.progress import Cancelled

T = TypeVar("T")


class Place(NamedTuple):
    """Where a run is: `done` of `total` items of `what`."""

    what: str
    done: int
    total: int
    note: str
    seconds: float


class NodeProgress:
    """Keeps the place of the innermost loop, and stops the run once it is cancelled."""

    def __init__(self, on_note: Callable[[str], None]) -> None:
        """Start the clock; each note is handed to `on_note` as well."""
        self._on_note = on_note
        self._cancelled = threading.Event()
        self._started_s = time.monotonic()
        self._note = ""
        self._loops: list[tuple[str, int, int]] = []

    def cancel(self) -> None:
        """Ask the run to stop at the next item."""
        self._cancelled.set()

    @property
    def place(self) -> Place:
        """Where the run is now."""
        loops = list(self._loops)
        what, done, total = loops[-1] if loops else ("", 0, 0)
        return Place(what, done, total, self._note, time.monotonic() - self._started_s)

    def track(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
        """Yield the items, counting them."""
        self._loops.append((what, 0, total))
        level = len(self._loops)
        try:
            for done, item in enumerate(items):
                self._stop_if_cancelled()
                self._loops[level - 1 :] = [(what, done, total)]
                yield item
            self._stop_if_cancelled()
        finally:
            del self._loops[level - 1 :]

    def note(self, text: str) -> None:
        """Keep and hand on one line."""
        self._note = text
        self._on_note(text)
        self._stop_if_cancelled()

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled
