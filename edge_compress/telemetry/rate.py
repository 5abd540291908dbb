"""Events per second over the last seconds."""

from __future__ import annotations

from collections import deque


class RateWindow:
    """Counts events in a sliding window; a clock that goes back empties it."""

    def __init__(self, seconds: float) -> None:
        """Keep the events of the last `seconds`.

        Raises:
            ValueError: `seconds` is not positive.
        """
        if seconds <= 0:
            raise ValueError(f"`seconds` must be positive, got {seconds}")
        self._seconds = seconds
        self._times: deque[float] = deque()
        self._since: float | None = None

    def add(self, now_s: float) -> None:
        """Note one event, at this time in seconds."""
        if self._times and now_s < self._times[-1]:
            self.reset()
        if self._since is None:
            self._since = now_s
        self._times.append(now_s)
        self._forget(now_s)

    def rate(self, now_s: float) -> float:
        """Return the events per second up to `now_s`; 0 when there were none."""
        self._forget(now_s)
        if self._since is None:
            return 0.0
        # Until one window has passed, only the time since the first event counts; the first event
        # opens that interval, so it is not one of those inside of it.
        elapsed = now_s - self._since
        if elapsed < self._seconds:
            return (len(self._times) - 1) / elapsed if elapsed > 0 else 0.0
        return len(self._times) / self._seconds

    def reset(self) -> None:
        """Forget all events."""
        self._times.clear()
        self._since = None

    def _forget(self, now_s: float) -> None:
        while self._times and self._times[0] <= now_s - self._seconds:
            self._times.popleft()
