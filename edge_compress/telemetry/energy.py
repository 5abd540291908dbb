"""Energy from readings of power."""

from __future__ import annotations


class EnergyMeter:
    """Integrates watts over time, by the trapezoidal rule.

    Attributes:
        joules: since the start; only over intervals with a reading at both ends.
    """

    def __init__(self) -> None:
        """Start at 0 J."""
        self.joules = 0.0
        self._last: tuple[float, float] | None = None

    def add(self, now_s: float, watts: float | None) -> None:
        """Add a reading.

        Args:
            now_s: seconds; when it goes back, the interval is left out.
            watts: None when nothing could be read: the gap is left out, not taken for 0 W.
        """
        if watts is None:
            self._last = None
            return
        if self._last is not None and now_s > self._last[0]:
            self.joules += (now_s - self._last[0]) * (watts + self._last[1]) / 2
        self._last = (now_s, watts)
