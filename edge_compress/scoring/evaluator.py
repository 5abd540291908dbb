"""Takes ground truth and detections as they come, and says at any time how well they agree."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.scoring.clocks import Clocks
from edge_compress.scoring.counts import Curves
from edge_compress.scoring.frame import Frame, read_frame
from edge_compress.scoring.latency import Latencies
from edge_compress.scoring.pairing import Arrived, Pairing, Settled
from edge_compress.scoring.result import Frames
from edge_compress.scoring.settings import Settings
from edge_compress.scoring.tally import Tally

# Live, the curves are computed so seldom that they take this share of the time at most.
_SHARE = 0.05


class Evaluator:
    """Scores messages, of rclpy or of a bag.

    Messages are not kept: what stays of a frame is some bytes.

    Attributes:
        settings: how it scores.
        tally: what was counted.
        latencies: what was measured.
        clocks: what the stamps tell.
        truth_names: classes of ground truth so far, in the detector's names.
        found_names: classes that were detected so far, and those that the detector says it has.
    """

    def __init__(self, settings: Settings, *, timed: bool = True) -> None:
        """Begin with nothing.

        Args:
            settings: how to score.
            timed: messages arrive as they did in flight, so that it tells how long detections took.
        """
        self.settings = settings
        self._timed = timed
        self.tally = Tally(settings.iou_threshold, settings.score_threshold, settings.min_size_px)
        self.latencies = Latencies()
        self.clocks = Clocks(settings.tolerance_s)
        self.truth_names: set[str] = set()
        self.found_names: set[str] = set()
        self._pairing = Pairing(settings.tolerance_s, settings.wait_s)
        self._counts = dict.fromkeys(
            ("truth", "detections", "scored", "dropped", "before_detector", "in_flight",
             "without_truth", "ignored_objects", "unreadable_boxes"), 0,
        )  # fmt: skip
        self._first_found: Arrived | None = None
        self._last_answered_s = -np.inf
        self._curves = Curves({})
        self._curves_of = 0  # frames
        self._curves_due_s = 0.0

    def add_truth(self, message: Any, arrived_s: float) -> None:
        """Take a ground truth message.

        Args:
            message: vision_msgs/Detection2DArray.
            arrived_s: when, in seconds of a clock that does not go back.
        """
        frame = self._count("truth", read_frame(message, truth=True))
        self.clocks.see_truth(frame.stamp_ns)
        self.truth_names |= self._mapped(frame.names) - {None}
        self._pairing.add_truth(Arrived(frame, arrived_s))

    def add_found(self, message: Any, arrived_s: float, clock_ns: int) -> None:
        """Take a detections message.

        Args:
            message: vision_msgs/Detection2DArray.
            arrived_s: when, as above.
            clock_ns: when, in nanoseconds of the clock that stamps.
        """
        frame = self._count("detections", read_frame(message))
        self.clocks.see_found(frame.stamp_ns)
        self.found_names.update(frame.names)
        if self._timed:
            self.latencies.arrived((clock_ns - frame.stamp_ns) / 1e6)
        arrived = Arrived(frame, arrived_s)
        if self._first_found is None:
            self._first_found = arrived
        self._pairing.add_found(arrived)

    def know_classes(self, names: Iterable[str]) -> None:
        """Take what classes the detector says that it has."""
        self.found_names.update(names)

    def settle(self, now_s: float) -> None:
        """Score what has been paired, and give up what has waited too long.

        Args:
            now_s: the clock of arrival; call this about once a second of it.
        """
        self._take(self._pairing.settle(now_s), None)

    def finish(self, now_s: float) -> None:
        """Score all that is left; no more messages may come."""
        self._take(self._pairing.finish(), now_s)

    @property
    def truth_waiting(self) -> int:
        """How many ground truth messages wait for their detections."""
        return self._pairing.truth_waiting

    def frames(self) -> Frames:
        """Return what became of the messages."""
        counts = self._counts
        asked = counts["scored"] + counts["dropped"]
        return Frames(
            **{**counts, "ignored_objects": counts["ignored_objects"] + self.tally.ignored},
            drop_share=counts["dropped"] / asked if asked else None,
            clock_jumps=self.clocks.jumps,
            nearest_stamp_s=self.clocks.offset_s(),
        )

    def curves(self, *, now: bool) -> Curves:
        """Return precision over recall, not older than it costs.

        Args:
            now: of all frames so far, whatever it costs.
        """
        began = time.monotonic()
        scored = self._counts["scored"]
        if scored != self._curves_of and (now or began >= self._curves_due_s):
            self._curves, self._curves_of = self.tally.curves(), scored
            ended = time.monotonic()
            self._curves_due_s = ended + (ended - began) / _SHARE
        return self._curves

    def _count(self, side: str, frame: Frame) -> Frame:
        self._counts[side] += 1
        self._counts["unreadable_boxes"] += frame.unreadable
        return frame

    def _take(self, settled: Settled, finished_s: float | None) -> None:
        for truth, found in settled.pairs:
            self._score(truth.frame, found.frame)
            if self._timed:
                self.latencies.paired((found.at_s - truth.at_s) * 1000)
            self._last_answered_s = max(self._last_answered_s, truth.at_s)
        for truth in settled.unanswered:
            self._counts[self._became(truth, finished_s)] += 1
        self._counts["without_truth"] += len(settled.unasked)

    def _became(self, truth: Arrived, finished_s: float | None) -> str:
        """Name what became of ground truth that has no detections."""
        first = self._first_found
        if first is None or (truth.at_s < first.at_s and truth.stamp_ns < first.stamp_ns):
            return "before_detector"
        if finished_s is None or truth.at_s <= self._last_answered_s:
            return "dropped"
        age_ms = (finished_s - truth.at_s) * 1000
        return "in_flight" if age_ms <= self.latencies.longest_ms else "dropped"

    def _score(self, truth: Frame, found: Frame) -> None:
        self._counts["scored"] += 1
        names = [self.settings.class_map.get(name, name) for name in truth.names]
        anything = np.array(
            [not name and old in self.settings.class_map
             for name, old in zip(names, truth.names, strict=True)], np.bool_,
        )  # fmt: skip
        wanted = self._wanted(names) & ~anything
        self._counts["ignored_objects"] += int((~wanted).sum())
        self.tally.add(
            _only(replace(truth, names=tuple(names)), wanted),
            _only(found, self._wanted(found.names)),
            truth.boxes[anything],
        )

    def _wanted(self, names: Iterable[str]) -> NDArray[np.bool_]:
        classes = self.settings.classes
        return np.array([not classes or name in classes for name in names], np.bool_)

    def _mapped(self, names: Iterable[str]) -> set[Any]:
        """Name the classes as the detector does; None for those that are ignored."""
        mapped = self.settings.class_map
        return {(mapped[name] or None) if name in mapped else name for name in names}


def _only(frame: Frame, wanted: NDArray[np.bool_]) -> Frame:
    if wanted.all():
        return frame
    return replace(
        frame,
        boxes=frame.boxes[wanted],
        scores=frame.scores[wanted],
        names=tuple(n for n, kept in zip(frame.names, wanted.tolist(), strict=True) if kept),
    )
