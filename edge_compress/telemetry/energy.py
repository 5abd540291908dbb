"""Energy from readings of power."""

from __future__ import annotations


class EnergyMeter:
    """Integrates watts over time, by the trapezoidal rule.

    Only intervals with a reading at both ends count: for the energy, for the time, and for the
    inferences, so that what is told per inference stays right where a sensor falls silent.

    Attributes:
        joules: drawn in those intervals.
        seconds: their length.
        inferences: how many were made in them.
    """

    def __init__(self) -> None:
        """Start at 0 J."""
        self.joules = 0.0
        self.seconds = 0.0
        self.inferences = 0
        self._last: tuple[float, float, int] | None = None

    def add(self, now_s: float, watts: float | None, inferences: int = 0) -> None:
        """Add a reading.

        Args:
            now_s: seconds; when it goes back, the interval is left out.
            watts: None when nothing could be read: the gap is left out, not taken for 0 W.
            inferences: made since the start of the program, or of anything else.
        """
        if watts is None:
            self._last = None
            return
        if self._last is not None and now_s > self._last[0]:
            then_s, then_watts, then_inferences = self._last
            self.joules += (now_s - then_s) * (watts + then_watts) / 2
            self.seconds += now_s - then_s
            self.inferences += max(0, inferences - then_inferences)
        self._last = (now_s, watts, inferences)

    @property
    def mj_per_inference(self) -> float | None:
        """What one inference took of all that the machine drew, or None when none was made."""
        return self.joules * 1000 / self.inferences if self.inferences else None

    @property
    def wh_per_hour(self) -> float | None:
        """Watt-hours that an hour like the time measured takes, or None when none was."""
        return self.joules / self.seconds if self.seconds > 0 else None
