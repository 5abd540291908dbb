"""Events per second over the last seconds."""

from __future__ import annotations

import math
from collections import deque


class RateWindow:
    """Counts events in a sliding window; a clock that goes back empties it.

    After a pause as long as the window the rate is taken anew, as at the start.
    """

    def __init__(self, seconds: float) -> None:
        """Keep the events of the last `seconds`.

        Raises:
            ValueError: `seconds` is not positive.
        """
        if seconds <= 0:
            raise ValueError(f"`seconds` must be positive, got {seconds}")
        self._seconds = seconds
        self._times: deque[float] = deque()
        self._last = -math.inf
        self._since = -math.inf
        self._pause = math.inf  # before the event at `_since`

    def add(self, now_s: float) -> None:
        """Note one event, at this time in seconds."""
        if now_s < self._last:
            self.reset()
        self._forget(now_s)
        if not self._times:
            self._since, self._pause = now_s, now_s - self._last
        self._times.append(now_s)
        self._last = now_s

    def rate(self, now_s: float) -> float:
        """Return the events per second up to `now_s`; 0 when there were none."""
        self._forget(now_s)
        if not self._times:
            return 0.0
        elapsed = now_s - self._since
        if elapsed >= self._seconds:
            return len(self._times) / self._seconds
        if len(self._times) == 1:
            return 1 / self._pause  # so that a source slower than the window has a rate, too
        # Until one window has passed, only the time since the first event counts; the first event
        # opens that interval, so it is not one of those inside of it.
        return (len(self._times) - 1) / elapsed if elapsed > 0 else 0.0

    def reset(self) -> None:
        """Forget all events."""
        self._times.clear()
        self._last = -math.inf

    def _forget(self, now_s: float) -> None:
        while self._times and now_s - self._times[0] >= self._seconds:
            self._times.popleft()
