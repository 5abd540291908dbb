"""When each frame of a recording is due, so that the gaps between them stay as they were."""

from __future__ import annotations

# A frame that is sent later than this after its time was read or waited for too slowly. Those after
# it keep their distance from it, and do not come in a burst.
_SLACK_NS = 100_000_000
_GAP_NS = 100_000_000  # before a recording of one frame begins again


class RecordedPace:
    """Turns times of recording into times of sending."""

    def __init__(self) -> None:
        """Begin with the first frame."""
        self._first_ns = self._last_ns = self._due_ns = 0
        self._gap_ns = _GAP_NS
        self._sent = 0

    @property
    def rate(self) -> float | None:
        """Frames per second as they were recorded, of those that have been sent so far."""
        seconds = (self._last_ns - self._first_ns) / 1e9
        return (self._sent - 1) / seconds if self._sent > 1 and seconds > 0 else None

    def due_ns(self, time_ns: int, now_ns: int) -> int:
        """Return when to send a frame.

        Args:
            time_ns: when it was recorded.
            now_ns: of the clock that it is sent by.
        """
        if not self._sent:
            return now_ns
        # A recording that begins again goes on after the gap that came last.
        gap_ns = self._gap_ns if self._begins_again(time_ns) else time_ns - self._last_ns
        # The last frame was due before now, unless a simulation has begun anew.
        self._due_ns = min(self._due_ns, now_ns)
        return self._due_ns + gap_ns

    def on_sent(self, time_ns: int, now_ns: int) -> None:
        """Note that a frame has been sent.

        Args:
            time_ns: when it was recorded.
            now_ns: of the clock that it is sent by.
        """
        due_ns = self.due_ns(time_ns, now_ns)
        if not self._sent or self._begins_again(time_ns):
            self._first_ns, self._sent = time_ns, 0
        else:
            self._gap_ns = time_ns - self._last_ns
        self._due_ns = due_ns if now_ns - due_ns < _SLACK_NS else now_ns
        self._last_ns = time_ns
        self._sent += 1

    def _begins_again(self, time_ns: int) -> bool:
        # At the time of its first frame, too, when no time has passed in it: it may have only one.
        return time_ns < self._last_ns or time_ns == self._first_ns
