"""Bare inference with one thread: what everything else is held against."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.runtime.frames import read_pictures
from edge_compress.bundle.reader import Bundle
from edge_compress.inference.detector import Detector

_WARM_S = 1.0
_AT_LEAST_EVERY = 4


class Bare:
    """A bundle's model and one picture, already in the form that the model takes."""

    def __init__(self, bundle: Path, video: Path) -> None:
        """Open the bundle on one CPU thread and warm it up."""
        self._detector = Detector.open(Bundle.open(bundle), providers=("cpu",), threads=1)
        self._detector.warm_up()
        (picture,) = read_pictures(video, (640, 480), 1)
        self._tensor, _ = self._detector.preprocess(picture)

    def times_ms(self, seconds: float) -> list[float]:
        """Time one inference after the other, in milliseconds; those of the warm-up are left out.

        Args:
            seconds: how long.
        """
        times: list[float] = []
        begin = time.perf_counter()
        while (now := time.perf_counter()) < begin + seconds or not times:
            took = self.once_ms()
            if now - begin > min(_WARM_S, seconds / 4):
                times.append(took)
        return times

    def once_ms(self) -> float:
        """Time one inference, in milliseconds."""
        start = time.perf_counter()
        self._detector.infer(self._tensor)
        return (time.perf_counter() - start) * 1000

    def close(self) -> None:
        """Free the model."""
        self._detector.close()


class BetweenFrames:
    """Bare inference after each result that leaves time for it before the next frame.

    So both are measured in the same seconds, and each finds the caches as the other has left them.
    Where a node leaves no time, it runs beside the next frame now and then.

    Attributes:
        times_ms: with the stamp of the frame before, in nanoseconds.
    """

    def __init__(self, once_ms: Callable[[], float], rate_hz: float) -> None:
        """Begin with nothing measured, between frames that come so often."""
        self.times_ms: list[tuple[int, float]] = []
        self._once_ms = once_ms
        self._period_s = 1 / rate_hz
        self._waited = 0

    def after(self, stamp_ns: int) -> None:
        """Infer once after the result of a frame, if there is time."""
        need_s = max((took for _, took in self.times_ms[-9:]), default=0.0) / 1000
        left_s = self._period_s - (time.time_ns() - stamp_ns) / 1e9
        self._waited += 1
        if need_s < left_s or self._waited > _AT_LEAST_EVERY:
            self._waited = 0
            self.times_ms.append((stamp_ns, self._once_ms()))
