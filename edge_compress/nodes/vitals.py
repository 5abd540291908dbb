"""What a detector knows of one camera; shared between its threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge_compress.telemetry.frames import DropCause, FrameCounter
from edge_compress.telemetry.hysteresis import Hold
from edge_compress.telemetry.latency import LatencyWindow, Percentiles
from edge_compress.telemetry.levels import Figures, Judge, Verdict
from edge_compress.telemetry.thresholds import Thresholds

# The rate says nothing before, nor after an outage: the first frames come while connections are
# still being made.
_SETTLING_S = 3.0


@dataclass(frozen=True)
class FrameFigures:
    """Counts since the node was configured, rates over the window.

    Attributes:
        received: frames that reached the node.
        processed: frames whose result was published.
        dropped: frames lost, by cause.
        lately: the causes that took a frame within the thresholds' `hold_s`.
        input_rate_hz: frames received per second.
        processed_rate_hz: results per second.
        detections: objects in all results.
        overlays: that were drawn.
        last_error: why the last unreadable frame was; empty when there was none.
        clock_jumps: how often the clock that ages are taken by went back.
        clock_jumped: whether it did within the thresholds' `hold_s`.
    """

    received: int
    processed: int
    dropped: Mapping[DropCause, int]
    lately: frozenset[DropCause]
    input_rate_hz: float
    processed_rate_hz: float
    detections: int
    overlays: int
    last_error: str
    clock_jumps: int
    clock_jumped: bool


class CameraVitals:
    """Counts the frames of one camera, measures their latency, and judges both."""

    def __init__(
        self,
        window_s: float,
        thresholds: Thresholds | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start at zero.

        Args:
            window_s: seconds over which percentiles and rates are taken.
            thresholds: from where on a figure is bad; None for the defaults.
            clock: seconds; never goes back.
        """
        self._lock = threading.Lock()
        self._clock = clock
        self._window_s = window_s
        self._frames = FrameCounter(window_s)
        self._latency = LatencyWindow(window_s)
        self._detections = 0
        self._overlays = 0
        self._last_error = ""
        self._clock_jumps = 0
        self._last_input_s = clock()
        self._first_input_s: float | None = None
        self._thresholds: Thresholds | None = None
        self.judge_by(thresholds or Thresholds())

    def judge_by(self, thresholds: Thresholds) -> None:
        """Judge by other thresholds from now on."""
        with self._lock:
            if thresholds == self._thresholds:
                return  # what is held in sight stays there
            self._thresholds = thresholds
            self._judge = Judge(thresholds)
            self._hold_s = thresholds.hold_s
            self._lately: dict[DropCause, Hold] = {}
            self._jumped_lately = Hold(thresholds.hold_s)

    def on_subscribed(self) -> None:
        """Expect frames from now on; those from before an interruption do not count."""
        with self._lock:
            self._frames.restart_rates()
            self._last_input_s = self._clock()
            self._first_input_s = None

    def on_received(self) -> None:
        """Count a frame that came."""
        with self._lock:
            now = self._clock()
            self._frames.on_received(now)
            outage = now - self._last_input_s > max(self._window_s, _SETTLING_S)
            if self._first_input_s is None or outage:
                self._first_input_s = now
            self._last_input_s = now

    def on_dropped(self, cause: DropCause, count: int = 1) -> None:
        """Count frames that were lost."""
        if count:
            with self._lock:
                self._drop(cause, count)

    def on_unreadable(self, why: str) -> None:
        """Count a frame that could not be read or inferred."""
        with self._lock:
            self._drop("unreadable", 1)
            self._last_error = why

    def on_processed(self, steps_ms: Mapping[str, float], detections: int) -> None:
        """Count a frame whose result is out, with the milliseconds of its steps."""
        with self._lock:
            now = self._clock()
            self._frames.on_processed(now)
            self._latency.add(now, steps_ms)
            self._detections += detections

    def on_overlay(self) -> None:
        """Count an overlay that was drawn."""
        with self._lock:
            self._overlays += 1

    def forget_latency(self) -> None:
        """Start the latency window anew: the clock that it was measured by has gone back."""
        with self._lock:
            self._latency.reset()
            self._clock_jumps += 1
            self._jumped_lately.seen(self._clock(), now=True)

    def latency(self) -> dict[str, Percentiles]:
        """Return the percentiles of each step over the window."""
        with self._lock:
            samples = self._latency.samples(self._clock())
        return samples.summary()  # without the lock: the next frame's result must not wait for it

    def frames(self) -> FrameFigures:
        """Return what came and what became of it."""
        with self._lock:
            now = self._clock()
            return FrameFigures(
                self._frames.received,
                self._frames.processed,
                dict(self._frames.dropped),
                frozenset(c for c, hold in self._lately.items() if hold.seen(now, now=False)),
                self._frames.input_rate(now),
                self._frames.processed_rate(now),
                self._detections,
                self._overlays,
                self._last_error,
                self._clock_jumps,
                self._jumped_lately.seen(now, now=False),
            )

    def verdicts(self, steps: Mapping[str, Percentiles]) -> list[Verdict]:
        """Judge input, rate and latency.

        Args:
            steps: what `latency` returned; the p99 from the camera's stamp to the result is judged.
        """
        latency = steps.get("stamp_to_publish")
        with self._lock:
            now = self._clock()
            figures = Figures(
                rate_hz=self._frames.processed_rate(now) if self._settled(now) else None,
                latency_ms=latency.p99 if latency is not None else None,
                input_age_s=now - self._last_input_s,
            )
            return self._judge.judge(now, figures)

    def _settled(self, now_s: float) -> bool:
        if self._first_input_s is None:
            return False
        return now_s - self._first_input_s >= min(_SETTLING_S, self._window_s)

    def _drop(self, cause: DropCause, count: int) -> None:
        self._frames.on_dropped(cause, count)
        self._lately.setdefault(cause, Hold(self._hold_s)).seen(self._clock(), now=True)
