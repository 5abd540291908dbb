"""Percentiles of what has been measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_compress.scoring.growing import Growing
from edge_compress.scoring.result import Latency, Times

_MOST_MS = 600_000.0


class Latencies:
    """Milliseconds of each detections message.

    Attributes:
        detector: what the detector says of itself, in its own keys.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.detector: dict[str, float] = {}
        self._by_stamp = Growing(np.float32)
        self._after_truth = Growing(np.float32)
        self._unknown = 0

    def arrived(self, milliseconds: float) -> None:
        """Note how long after its stamp a message came."""
        if 0 <= milliseconds <= _MOST_MS:
            self._by_stamp.extend([milliseconds])
        else:
            self._unknown += 1

    def paired(self, milliseconds: float) -> None:
        """Note how long after its ground truth a message came."""
        self._after_truth.extend([max(0.0, milliseconds)])

    @property
    def longest_ms(self) -> float:
        """The longest time that detections came after their ground truth."""
        return float(self._after_truth.values.max(initial=0.0))

    @property
    def measured(self) -> NDArray[np.float32]:
        """From stamp to arrival of each message, or, where clocks differ, after ground truth."""
        return (self._by_stamp if len(self._by_stamp) else self._after_truth).values

    def summary(self) -> Latency:
        """Return the percentiles."""
        return Latency(
            stamp_to_arrival=_times(self._by_stamp.values),
            after_truth=_times(self._after_truth.values),
            unknown=self._unknown,
            detector=dict(sorted(self.detector.items())),
        )


def _times(values: NDArray[np.float32]) -> Times | None:
    if not values.size:
        return None
    p50, p90, p99 = np.percentile(values, (50, 90, 99)).tolist()
    return Times(p50_ms=p50, p90_ms=p90, p99_ms=p99, max_ms=float(values.max()), count=values.size)
