"""A slot for the newest item of each source, and one thread that serves them in turns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class FairWorker(Generic[T]):
    """Hands the newest item of each source to a thread; one that still waits is overwritten.

    No source waits for more than one turn of each of the others. `work` and the jobs must not
    raise: the thread has nobody to tell.
    """

    def __init__(
        self,
        work: Callable[[list[tuple[int, T]]], None],
        on_overwritten: Callable[[int], None],
        *,
        sources: int = 1,
        most: Callable[[], int] = lambda: 1,
    ) -> None:
        """Start the thread.

        Args:
            work: called in the thread, with the items of one or more sources and their numbers.
            on_overwritten: called with the source of each item that is never worked on.
            sources: how many there are; they are numbered from 0.
            most: how many items `work` takes at a time, asked before each time.
        """
        self._work = work
        self._on_overwritten = on_overwritten
        self._sources = sources
        self._most = most
        self._wake = threading.Condition()
        self._waiting: dict[int, T] = {}
        self._jobs: list[Callable[[], None]] = []
        self._served = sources - 1
        self._stopped = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="frames", daemon=True)
        self._thread.start()

    def put(self, source: int, item: T) -> None:
        """Store an item; never waits for the work."""
        with self._wake:
            if self._stopped:
                return
            if source in self._waiting:
                self._on_overwritten(source)
            self._waiting[source] = item
            self._wake.notify()

    def between(self, job: Callable[[], None]) -> None:
        """Run a job soon in the thread, between two frames; at once when the thread has ended."""
        with self._wake:
            if not self._ended:
                self._jobs.append(job)
                self._wake.notify()
                return
        job()

    def stop(self) -> None:
        """Let the work and the jobs be finished, count what waits as overwritten, and join."""
        with self._wake:
            self._stopped = True
            for source in self._waiting:
                self._on_overwritten(source)
            self._waiting.clear()
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not (self._jobs or self._waiting or self._stopped):
                    self._wake.wait()
                jobs, self._jobs = self._jobs, []
                if not jobs and self._stopped:
                    self._ended = True
                    return
                items = [] if jobs else self._take()
            for job in jobs:
                job()
            if items:
                self._work(items)

    def _take(self) -> list[tuple[int, T]]:
        """Take the items whose turn it is, beginning after the source that was served last."""
        turns = sorted(
            self._waiting, key=lambda source: (source - self._served - 1) % self._sources
        )
        turns = turns[: self._most()]
        self._served = turns[-1]
        return [(source, self._waiting.pop(source)) for source in turns]
