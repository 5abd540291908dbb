"""Percentiles of each step's latency over the last seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Percentiles:
    """Milliseconds, and how many samples they come from."""

    p50: float
    p90: float
    p99: float
    count: int


class LatencyWindow:
    """A sliding window over the steps of each frame.

    Time is given by the caller, in seconds of any clock. A clock that goes back, as sim time does
    when a simulation is reset, empties the window.
    """

    def __init__(self, seconds: float = 10.0) -> None:
        """Keep the samples of the last `seconds`.

        Raises:
            ValueError: `seconds` is not positive.
        """
        if seconds <= 0:
            raise ValueError(f"`seconds` must be positive, got {seconds}")
        self._seconds = seconds
        self._samples: deque[tuple[float, dict[str, float]]] = deque()

    def add(self, now_s: float, steps: Mapping[str, float]) -> None:
        """Add one frame: its time in seconds, and the milliseconds of each of its steps."""
        if self._samples and now_s < self._samples[-1][0]:
            self.reset()
        self._samples.append((now_s, dict(steps)))
        self._forget(now_s)

    def summary(self, now_s: float | None = None) -> dict[str, Percentiles]:
        """Return the percentiles of each step that was seen in the window.

        Args:
            now_s: the present time, so that old frames are forgotten when none come any more; None
                for the time of the last frame.
        """
        return summarize(self.samples(now_s))

    def samples(self, now_s: float | None = None) -> list[Mapping[str, float]]:
        """Return the milliseconds of each step, frame by frame; see `summary` for the time.

        It takes far less time than `summary`, as whoever holds a lock may wish.
        """
        if now_s is not None:
            self._forget(now_s)
        return [steps for _, steps in self._samples]

    def reset(self) -> None:
        """Forget all samples."""
        self._samples.clear()

    def _forget(self, now_s: float) -> None:
        while self._samples and self._samples[0][0] < now_s - self._seconds:
            self._samples.popleft()


def summarize(samples: Iterable[Mapping[str, float]]) -> dict[str, Percentiles]:
    """Return the percentiles of each step that is in any of the samples."""
    by_step: dict[str, list[float]] = {}
    for steps in samples:
        for step, value in steps.items():
            by_step.setdefault(step, []).append(value)
    return {step: _percentiles(values) for step, values in by_step.items()}


def _percentiles(values: list[float]) -> Percentiles:
    p50, p90, p99 = np.percentile(values, (50, 90, 99)).tolist()
    return Percentiles(p50, p90, p99, len(values))
