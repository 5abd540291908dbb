"""Whether the stamps of both sides are of the same clock."""

from __future__ import annotations

from collections import deque

import numpy as np

# So many messages of a side tell enough of its clock.
_KEPT = 256
_ENOUGH = 10
_JUMP_NS = 1_000_000_000  # less is messages out of order
_ANOTHER_CLOCK_S = 1e6  # sim time begins at zero, the wall's at 1970
_UNSTEADY = 0.2


class Clocks:
    """Watches the stamps of both sides.

    Attributes:
        jumps: how often ground truth's stamps went back, as when a simulation begins again.
    """

    def __init__(self, tolerance_s: float) -> None:
        """Begin with nothing."""
        self.jumps = 0
        self._tolerance_s = tolerance_s
        self._truth: deque[int] = deque(maxlen=_KEPT)
        self._found: deque[int] = deque(maxlen=_KEPT)

    def see_truth(self, stamp_ns: int) -> None:
        """Note a stamp of ground truth."""
        if self._truth and stamp_ns < self._truth[-1] - _JUMP_NS:
            self.jumps += 1
        self._truth.append(stamp_ns)

    def see_found(self, stamp_ns: int) -> None:
        """Note a stamp of detections."""
        self._found.append(stamp_ns)

    @property
    def apart(self) -> bool:
        """Whether both sides have sent enough, while they still send, to be sure that they differ.

        Detections that came a moment ago may not have been paired yet.
        """
        if min(len(self._truth), len(self._found)) < _ENOUGH:
            return False
        return abs(self.offset_s() or 0.0) > self._tolerance_s

    def offset_s(self) -> float | None:
        """Return how far detections are from the nearest ground truth, the median in seconds."""
        offsets = self._offsets()
        return None if offsets is None else float(np.median(offsets))

    def problem(self) -> str:
        """Say how the clocks differ, given that no stamp of one side is one of the other."""
        offsets = self._offsets()
        if offsets is None:
            return ""
        offset = float(np.median(offsets))
        what = "no detections have the stamp of a ground truth frame"
        if not any(self._found):
            return (
                f"{what}: they carry none at all (0); whoever publishes them must copy the stamp "
                "of the image"
            )
        if abs(offset) > _ANOTHER_CLOCK_S:
            ahead, behind = "detections", "ground truth"
            if offset < 0:
                ahead, behind = behind, ahead
            return (
                f"{what}: clocks differ by {abs(offset):.0f} s. The stamps of {ahead} are about "
                f"{self._about(ahead)}, those of {behind} {self._about(behind)}: one is wall time, "
                "the other sim time; set use_sim_time:=true on each node"
            )
        spread = float(np.percentile(np.abs(offsets - offset), 90))
        steady = spread <= max(self._tolerance_s, _UNSTEADY * abs(offset))
        remedy = (
            "synchronize the clocks, or raise `tolerance_s` when they are of the same images"
            if steady
            else "detections must carry the stamp of the image that they are of, unchanged"
        )
        return (
            f"{what}: the nearest is {offset:+.3f} s away (median), and `tolerance_s` is "
            f"{self._tolerance_s:g}; {remedy}"
        )

    def _offsets(self) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
        if not self._truth or not self._found:
            return None
        truth = np.sort(np.array(self._truth, np.int64))
        found = np.array(self._found, np.int64)
        after = np.clip(np.searchsorted(truth, found), 0, len(truth) - 1)
        before = np.maximum(after - 1, 0)
        to_after, to_before = found - truth[after], found - truth[before]
        nearest = np.where(np.abs(to_before) < np.abs(to_after), to_before, to_after)
        return np.asarray(nearest / 1e9, np.float64)

    def _about(self, side: str) -> str:
        stamps = self._found if side == "detections" else self._truth
        return f"{stamps[-1] / 1e9:.0f} s"
