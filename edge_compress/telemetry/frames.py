"""How many frames came, were processed, and were lost, and why."""

from __future__ import annotations

from typing import Literal, get_args

from edge_compress.telemetry.rate import RateWindow

# overwritten: a newer frame came before this one was looked at; transport: the middleware lost it;
# unreadable: it came, but could not be decoded or inferred; deadline: it was too old when its turn
# came; rate_limit: it came sooner after the one before than was asked for.
DropCause = Literal["overwritten", "transport", "unreadable", "deadline", "rate_limit"]
DROP_CAUSES: tuple[DropCause, ...] = get_args(DropCause)


class FrameCounter:
    """Totals since the start, and rates over a sliding window.

    Attributes:
        received: frames that reached the node.
        processed: frames whose result was published.
        dropped: frames lost, by cause.
    """

    def __init__(self, window: float = 10.0) -> None:
        """Take rates over the last `window` seconds."""
        self.received = 0
        self.processed = 0
        self.dropped: dict[DropCause, int] = dict.fromkeys(DROP_CAUSES, 0)
        self._received_rate = RateWindow(window)
        self._processed_rate = RateWindow(window)

    def on_received(self, now_s: float) -> None:
        """Count a frame that came at this time, in seconds."""
        self.received += 1
        self._received_rate.add(now_s)

    def on_processed(self, now_s: float) -> None:
        """Count a frame whose result went out at this time, in seconds."""
        self.processed += 1
        self._processed_rate.add(now_s)

    def on_dropped(self, cause: DropCause, count: int = 1) -> None:
        """Count lost frames."""
        self.dropped[cause] += count

    def restart_rates(self) -> None:
        """Take both rates anew, without what came before."""
        self._received_rate.reset()
        self._processed_rate.reset()

    def input_rate(self, now_s: float) -> float:
        """Return the frames received per second."""
        return self._received_rate.rate(now_s)

    def processed_rate(self, now_s: float) -> float:
        """Return the frames processed per second."""
        return self._processed_rate.rate(now_s)
