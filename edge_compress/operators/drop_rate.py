"""How many frames are dropped in a second, from counts that only grow."""

from __future__ import annotations

from collections import deque

_WINDOW_S = 10.0


class DropRate:
    """The rise of a count over the last seconds."""

    def __init__(self) -> None:
        """Begin without a count."""
        self._counts: deque[tuple[float, int]] = deque()

    def add(self, now_s: float, count: int) -> None:
        """Take the next count; one that is lower is that of a node that began anew."""
        if self._counts and count < self._counts[-1][1]:
            self._counts.clear()
        self._counts.append((now_s, count))
        # The oldest that is kept lies just outside the window, so that all of it is covered.
        while len(self._counts) > 2 and now_s - self._counts[1][0] >= _WINDOW_S:
            self._counts.popleft()

    @property
    def per_s(self) -> float | None:
        """The rate; None until there are two counts."""
        if len(self._counts) < 2:
            return None
        (start, first), (end, last) = self._counts[0], self._counts[-1]
        return (last - first) / (end - start) if end > start else None
