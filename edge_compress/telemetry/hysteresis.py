"""A limit that does not flicker when a figure moves about it."""

from __future__ import annotations


class Limit:
    """Whether a figure is beyond a limit.

    It is so at once when the figure passes the limit, and no longer so only when the figure is back
    by a margin, as a thermostat does it.
    """

    def __init__(self, limit: float, margin: float, *, least: bool = False) -> None:
        """Start on the good side.

        Args:
            limit: the last figure that is good.
            margin: how far back the figure must come, in its own unit; 0 or more.
            least: whether the limit is the least that is good, as for a rate.
        """
        self.limit = limit
        self._sign = -1.0 if least else 1.0
        self._margin = margin
        self._beyond = False

    def beyond(self, figure: float) -> bool:
        """Return whether the figure is beyond, or was and is not far enough back."""
        excess = self._sign * (figure - self.limit)
        self._beyond = excess > 0 or (self._beyond and excess > -self._margin)
        return self._beyond

    def reset(self) -> None:
        """Go back to the good side: there is no figure any more."""
        self._beyond = False


class Hold:
    """Keeps something that was seen in sight for a while after it has gone."""

    def __init__(self, seconds: float) -> None:
        """Keep it for so long; 0 for not at all."""
        self._seconds = seconds
        self._until: float | None = None

    def seen(self, now_s: float, now: bool) -> bool:
        """Return whether it is there now, or was within the last `seconds`.

        Args:
            now_s: seconds of any clock; one that goes back ends the waiting.
            now: whether it is there.
        """
        if now:
            self._until = now_s + self._seconds
        elif self._until is not None and not self._until - self._seconds <= now_s < self._until:
            self._until = None
        return self._until is not None
