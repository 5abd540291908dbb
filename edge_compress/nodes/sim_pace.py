"""How fast sim time goes."""

from __future__ import annotations


class SimPace:
    """Sim time, from the wall's and from which frames are ready.

    It never goes back, and it stops before a frame that is not ready: a simulation that cannot keep
    up becomes slower, and loses nothing.

    Attributes:
        late: frames that were not ready in time.
    """

    def __init__(self, factor: float, now_s: float) -> None:
        """Begin at 0.

        Args:
            factor: seconds of sim time per second; 0 for as fast as frames are ready.
            now_s: by a steady clock.
        """
        self.late = 0
        self._factor = factor
        self._begin_s = now_s  # when sim time would have been 0, had all frames been in time
        self._waiting = False

    def time_ns(self, now_s: float, next_ns: int, ready: bool) -> int:
        """Return the sim time, nanoseconds; at most `next_ns`.

        Args:
            now_s: by the steady clock.
            next_ns: when the next frame is due.
            ready: whether that frame is there. When it is due, it is taken to be sent now.
        """
        if self._factor == 0:
            return next_ns if ready else 0
        sim_ns = round((now_s - self._begin_s) * self._factor * 1e9)
        if sim_ns < next_ns:
            return max(sim_ns, 0)
        if not ready:
            self._waiting = True
        elif self._waiting:
            # What was lost is not made up for: frames would come in bursts.
            self._waiting = False
            self.late += 1
            self._begin_s = now_s - next_ns / (self._factor * 1e9)
        return next_ns
