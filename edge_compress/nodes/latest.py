"""One slot for the newest frame, and the thread that works on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestWorker(Generic[T]):
    """Hands the newest item to a thread of its own; an older one that waits is overwritten.

    `work` must not raise: the thread has nobody to tell.
    """

    def __init__(self, work: Callable[[T], None], on_overwritten: Callable[[], None]) -> None:
        """Start the thread.

        Args:
            work: called in the thread, with one item after the other.
            on_overwritten: called in `put` for each item that is never worked on.
        """
        self._work = work
        self._on_overwritten = on_overwritten
        self._wake = threading.Condition()
        self._item: T | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="latest", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Store an item; never waits for the work."""
        with self._wake:
            if self._stopped:
                return
            if self._item is not None:
                self._on_overwritten()
            self._item = item
            self._wake.notify()

    def stop(self) -> None:
        """Let the item in work be finished, count one that waits as overwritten, and join."""
        with self._wake:
            self._stopped = True
            if self._item is not None:
                self._on_overwritten()
                self._item = None
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while self._item is None and not self._stopped:
                    self._wake.wait()
                if self._stopped:
                    return
                item, self._item = self._item, None
            if item is not None:
                self._work(item)
