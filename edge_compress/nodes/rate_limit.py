"""Lets through no more frames than a rate allows."""

from __future__ import annotations


class RateLimit:
    """A schedule of moments, each of which lets one frame through."""

    def __init__(self, hz: float) -> None:
        """Allow so many frames per second; 0 for all."""
        self._period_s = 1 / hz if hz > 0 else 0.0
        self._due_s: float | None = None

    def passes(self, now_s: float) -> bool:
        """Return whether a frame that comes now is let through.

        Args:
            now_s: seconds of any clock; one that goes back starts the schedule anew.
        """
        due_s = self._due_s
        if due_s is None or now_s < due_s - self._period_s:
            due_s = now_s
        if now_s < due_s:
            return False
        # Counted on from when it was due, so that a frame that comes late does not cost another
        # one its turn; but what was not used up is not saved for a burst.
        self._due_s = max(due_s, now_s - self._period_s) + self._period_s
        return True
