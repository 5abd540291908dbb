"""Makes the next items while the present one is in use."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
_WAIT_S = 0.1  # how soon a thread sees that the other one has ended


class ReadAhead(Generic[T]):
    """Runs through an iterable in a thread of its own, a few items ahead.

    Attributes:
        error: what the iterable raised; it then counts as finished.
    """

    def __init__(self, items: Iterable[T], depth: int = 3) -> None:
        """Start the thread.

        Args:
            items: what to run through.
            depth: how many items may wait.
        """
        self.error: Exception | None = None
        self._items = items
        self._ready: queue.Queue[T] = queue.Queue(depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)
        self._thread.start()

    def take(self) -> T | None:
        """Return the next item, or None when none is ready; never waits."""
        try:
            return self._ready.get_nowait()
        except queue.Empty:
            return None

    def __iter__(self) -> Iterator[T]:
        """Yield the items, waiting for each.

        Raises:
            Exception: what the iterable raised, after its last item.
        """
        while not self.finished:
            try:
                yield self._ready.get(timeout=_WAIT_S)
            except queue.Empty:
                continue
        if self.error is not None:
            raise self.error

    @property
    def finished(self) -> bool:
        """Whether all items have been taken."""
        return not self._thread.is_alive() and self._ready.empty()

    def stop(self) -> None:
        """End the thread; items that wait are dropped."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            for item in self._items:
                while not self._stop.is_set():
                    try:
                        self._ready.put(item, timeout=_WAIT_S)
                        break
                    except queue.Full:
                        continue
                if self._stop.is_set():
                    return
        except Exception as error:  # noqa: BLE001 - handed to whoever takes the items
            self.error = error
        finally:
            # A generator that is not at its end frees what it holds here, in the thread it ran in.
            if isinstance(self._items, Generator):
                self._items.close()
