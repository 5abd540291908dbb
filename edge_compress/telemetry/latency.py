"""Percentiles of each step's latency over the last seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEAST_ROWS = 256


@dataclass(frozen=True)
class Percentiles:
    """Milliseconds, and how many samples they come from."""

    p50: float
    p90: float
    p99: float
    count: int


@dataclass(frozen=True)
class Samples:
    """The milliseconds of some frames.

    Attributes:
        steps: their names.
        values: float64 [frames, steps]; NaN where a frame had no such step.
    """

    steps: tuple[str, ...]
    values: NDArray[np.float64]

    def summary(self) -> dict[str, Percentiles]:
        """Return the percentiles of each step that is in any of the frames."""
        columns = zip(self.steps, self.values.T, strict=True)
        known = ((step, column[~np.isnan(column)]) for step, column in columns)
        return {step: _percentiles(column) for step, column in known if len(column)}


class LatencyWindow:
    """A sliding window over the steps of each frame.

    Time is given by the caller, in seconds of any clock. A clock that goes back, as sim time does
    when a simulation is reset, empties the window.

    The samples lie in one array: ten minutes of frames as objects would take the interpreter from
    the frames for a tenth of a second with each summary.
    """

    def __init__(self, seconds: float = 10.0) -> None:
        """Keep the samples of the last `seconds`.

        Raises:
            ValueError: `seconds` is not positive.
        """
        if seconds <= 0:
            raise ValueError(f"`seconds` must be positive, got {seconds}")
        self._seconds = seconds
        self._columns: dict[str, int] = {}
        # A row for each frame: its time, then its steps. Those of the window are begin to end.
        self._rows = np.full((_LEAST_ROWS, 1), np.nan)
        self._begin = self._end = 0

    def add(self, now_s: float, steps: Mapping[str, float]) -> None:
        """Add one frame: its time in seconds, and the milliseconds of each of its steps."""
        if self._end > self._begin and now_s < self._rows[self._end - 1, 0]:
            self.reset()
        for step in steps:
            if step not in self._columns:
                self._columns[step] = self._rows.shape[1]
                self._rows = np.pad(self._rows, ((0, 0), (0, 1)), constant_values=np.nan)
        if self._end == len(self._rows):
            self._make_room()
        row = self._rows[self._end]
        row[:] = np.nan
        row[0] = now_s
        for step, value in steps.items():
            row[self._columns[step]] = value
        self._end += 1
        self._forget(now_s)

    def summary(self, now_s: float | None = None) -> dict[str, Percentiles]:
        """Return the percentiles of each step that was seen in the window.

        Args:
            now_s: the present time, so that old frames are forgotten when none come any more; None
                for the time of the last frame.
        """
        return self.samples(now_s).summary()

    def samples(self, now_s: float | None = None) -> Samples:
        """Return the milliseconds of each step, frame by frame; see `summary` for the time.

        It takes far less time than `summary`, as whoever holds a lock may wish.
        """
        if now_s is not None:
            self._forget(now_s)
        return Samples(tuple(self._columns), self._rows[self._begin : self._end, 1:].copy())

    def reset(self) -> None:
        """Forget all samples."""
        self._begin = self._end = 0

    def _forget(self, now_s: float) -> None:
        times = self._rows[self._begin : self._end, 0]
        self._begin += int(np.searchsorted(times, now_s - self._seconds))

    def _make_room(self) -> None:
        """Begin at the top again, in an array twice as long as what is kept."""
        kept = self._rows[self._begin : self._end]
        self._rows = np.full((max(_LEAST_ROWS, 2 * len(kept)), kept.shape[1]), np.nan)
        self._rows[: len(kept)] = kept
        self._begin, self._end = 0, len(kept)


def _percentiles(values: NDArray[np.float64]) -> Percentiles:
    p50, p90, p99 = np.percentile(values, (50, 90, 99)).tolist()
    return Percentiles(p50, p90, p99, len(values))
