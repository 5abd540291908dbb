"""What a detector knows of how it is doing; shared between its threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from edge_compress.telemetry.energy import EnergyMeter
from edge_compress.telemetry.frames import DropCause, FrameCounter
from edge_compress.telemetry.latency import LatencyWindow, Percentiles
from edge_compress.telemetry.power import probe, read_rails, total_watts
from edge_compress.telemetry.process import CpuUsage


@dataclass(frozen=True)
class FrameFigures:
    """Counts since the node was configured, rates over the window."""

    received: int
    processed: int
    dropped: Mapping[DropCause, int]
    input_rate_hz: float
    processed_rate_hz: float
    detections: int
    overlays: int
    last_error: str


@dataclass(frozen=True)
class LoadFigures:
    """CPU and power since the last reading; None for what this machine does not tell."""

    cpu_percent: float | None
    inference_cpu_percent: float | None
    rails_w: Mapping[str, float]
    power_w: float | None
    energy_per_inference_mj: float | None


class Vitals:
    """Counts frames, and measures latency, CPU and power."""

    def __init__(self, window_s: float) -> None:
        """Start at zero, with percentiles and rates over the last `window_s` seconds."""
        self._lock = threading.Lock()
        self._frames = FrameCounter(window_s)
        self._latency = LatencyWindow(window_s)
        self._detections = 0
        self._overlays = 0
        self._last_error = ""
        self._cpu = CpuUsage()
        self._power = probe()
        self._energy = EnergyMeter()
        self._inference_cpu_s = 0.0
        self._last_load = (time.monotonic(), 0.0, 0.0, 0)
        self.watts: float | None = None

    def on_received(self) -> None:
        """Count a frame that came."""
        with self._lock:
            self._frames.on_received(time.monotonic())

    def on_dropped(self, cause: DropCause, count: int = 1) -> None:
        """Count frames that were lost."""
        with self._lock:
            self._frames.on_dropped(cause, count)

    def on_unreadable(self, why: str) -> None:
        """Count a frame that could not be read or inferred."""
        with self._lock:
            self._frames.on_dropped("unreadable")
            self._last_error = why

    def on_processed(
        self, steps_ms: Mapping[str, float], detections: int, inference_cpu_s: float
    ) -> None:
        """Count a frame whose result is out, with the milliseconds of its steps."""
        with self._lock:
            now = time.monotonic()
            self._frames.on_processed(now)
            self._latency.add(now, steps_ms)
            self._detections += detections
            self._inference_cpu_s += inference_cpu_s

    def on_overlay(self) -> None:
        """Count an overlay that was drawn."""
        with self._lock:
            self._overlays += 1

    def forget_latency(self) -> None:
        """Start the latency window anew: the clock that it was measured by has jumped."""
        with self._lock:
            self._latency.reset()

    def latency(self) -> dict[str, Percentiles]:
        """Return the percentiles of each step over the window."""
        with self._lock:
            return self._latency.summary(time.monotonic())

    def frames(self) -> FrameFigures:
        """Return what came and what became of it."""
        with self._lock:
            now = time.monotonic()
            return FrameFigures(
                self._frames.received,
                self._frames.processed,
                dict(self._frames.dropped),
                self._frames.input_rate(now),
                self._frames.processed_rate(now),
                self._detections,
                self._overlays,
                self._last_error,
            )

    def load(self) -> LoadFigures:
        """Return CPU and power since the last call."""
        rails = read_rails(self._power)
        self.watts = total_watts(rails)
        share = self._cpu.share()
        now = time.monotonic()
        self._energy.add(now, self.watts)
        with self._lock:
            load = (now, self._inference_cpu_s, self._energy.joules, self._frames.processed)
        seconds, inference_s, joules, frames = (
            new - old for new, old in zip(load, self._last_load, strict=True)
        )
        self._last_load = load
        return LoadFigures(
            cpu_percent=None if share is None else share * 100,
            inference_cpu_percent=inference_s / seconds * 100 if seconds > 0 else None,
            rails_w=rails,
            power_w=self.watts,
            energy_per_inference_mj=joules / frames * 1000 if joules > 0 and frames else None,
        )
