"""How long work shows where it is and is told to stop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Cancelled(Exception):
    """The user asked the run to stop; the state folder can be resumed."""


class Progress(Protocol):
    """Where a run reports to: a terminal, a diagnostics topic, or nothing."""

    def track(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
        """Yield the items, showing `what` and how far it is.

        Raises:
            Cancelled: between two items, once the user has asked the run to stop.
        """
        ...

    def note(self, text: str) -> None:
        """Say one line that is worth keeping."""
        ...


class Silent:
    """Shows nothing and never stops."""

    def track(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:  # noqa: D102
        yield from items

    def note(self, text: str) -> None:  # noqa: D102
        pass
