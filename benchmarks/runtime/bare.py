"""Bare inference with one thread: what everything else is held against."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.runtime.frames import read_pictures
from edge_compress.bundle.reader import Bundle
from edge_compress.inference.detector import Detector

_WARM_S = 1.0


class Bare:
    """A bundle's model and one picture, already in the form that the model takes."""

    def __init__(self, bundle: Path, video: Path) -> None:
        """Open the bundle on one CPU thread and warm it up."""
        self._detector = Detector.open(Bundle.open(bundle), providers=("cpu",), threads=1)
        self._detector.warm_up()
        (picture,) = read_pictures(video, (640, 480), 1)
        self._tensor, _ = self._detector.preprocess(picture)

    def times_ms(self, seconds: float, rate_hz: float = 0.0) -> list[float]:
        """Time one inference after the other, in milliseconds; those of the warm-up are left out.

        Args:
            seconds: how long.
            rate_hz: how often; a core that idles between frames is slower than one that does not.
                0 for back to back.
        """
        times: list[float] = []
        begin = now = time.perf_counter()
        while now < begin + seconds or not times:
            start = time.perf_counter()
            self._detector.infer(self._tensor)
            now = time.perf_counter()
            if now - begin > min(_WARM_S, seconds / 4):
                times.append((now - start) * 1000)
            if rate_hz:
                time.sleep(max(0.0, 1 / rate_hz - (now - start)))
        return times

    def close(self) -> None:
        """Free the model."""
        self._detector.close()
