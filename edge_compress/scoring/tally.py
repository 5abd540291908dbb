"""Counts hits, misses and false detections frame by frame, and keeps what AP needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_compress.scoring.average_precision import precision_curve
from edge_compress.scoring.counts import Counts, Curves
from edge_compress.scoring.frame import Frame
from edge_compress.scoring.growing import Growing
from edge_compress.scoring.matching import IOU_THRESHOLDS, iou, match, pairs_within
from edge_compress.scoring.sizes import SIZES, size_of

# Frames are matched together: numpy costs the same for one as for some hundred.
_FRAMES = 512


class Tally:
    """Takes pairs of frames and gives the figures of all so far.

    It keeps 16 bytes of a detection and 12 of a frame, so an hour at 30 frames a second with ten
    objects each takes 18 MB.
    """

    def __init__(
        self, iou_threshold: float = 0.5, score_threshold: float = 0.3, min_size_px: float = 0.0
    ) -> None:
        """Begin at zero.

        Args:
            iou_threshold: from here on a detection has found an object, 0-1; for all but AP, which
                has its own.
            score_threshold: detections below are for AP alone.
            min_size_px: objects narrower or lower need not be found.
        """
        self._thresholds = np.append(IOU_THRESHOLDS, iou_threshold)
        self._score_threshold = score_threshold
        self._min_size = min_size_px
        self._numbers: dict[str, int] = {}
        self._waiting: list[tuple[Frame, Frame, NDArray[np.float64]]] = []
        # Rows are classes; the columns of objects are sizes.
        self._found = np.zeros((0, len(SIZES)), np.int64)
        self._missed = np.zeros((0, len(SIZES)), np.int64)
        self._false = np.zeros(0, np.int64)
        self._objects = np.zeros(0, np.int64)
        self.ignored = 0
        self._class = Growing(np.int32)
        self._score = Growing(np.float64)
        self._hit = Growing(np.uint16)  # a bit for each threshold
        self._out = Growing(np.uint16)  # likewise: does not count
        self._frame_stamp = Growing(np.int64)
        self._frame_found = Growing(np.uint16)
        self._frame_missed = Growing(np.uint16)

    def add(self, truth: Frame, found: Frame, anything: NDArray[np.float64] | None = None) -> None:
        """Add a frame.

        Args:
            truth: its objects.
            found: its detections.
            anything: [n, 4], places where a detection of any class neither is right nor wrong.
        """
        self._waiting.append((truth, found, np.zeros((0, 4)) if anything is None else anything))
        if len(self._waiting) >= _FRAMES:
            self._match()

    @property
    def names(self) -> tuple[str, ...]:
        """The classes of objects and detections so far, sorted."""
        self._match()
        return tuple(sorted(self._numbers))

    def counts(self, name: str | None = None, size: str | None = None) -> Counts:
        """Return what was counted of a class and size, or of all.

        False detections are of no size that could be compared: they are 0 for one size.
        """
        self._match()
        rows = slice(None) if name is None else [self._numbers[name]]
        columns = slice(None) if size is None else [SIZES.index(size)]
        return Counts(
            int(self._found[rows][:, columns].sum()),
            int(self._missed[rows][:, columns].sum()),
            int(self._false[rows].sum()) if size is None else 0,
        )

    def curves(self) -> Curves:
        """Compute the precision over recall of each class; takes long after a long flight."""
        self._match()
        bits = (1 << np.arange(len(IOU_THRESHOLDS), dtype=np.uint16))[:, None]
        order = np.argsort(self._class.values, kind="stable")
        ends = np.searchsorted(self._class.values[order], np.arange(len(self._numbers) + 1))
        by_class = {}
        for name, number in sorted(self._numbers.items()):
            if self._objects[number]:
                own = order[ends[number] : ends[number + 1]]
                by_class[name] = precision_curve(
                    self._score.values[own],
                    (self._hit.values[own] & bits).astype(np.bool_),
                    (self._out.values[own] & bits).astype(np.bool_),
                    int(self._objects[number]),
                )
        return Curves(by_class)

    def by_score(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return scores from high to low, and precision and recall when one cuts there."""
        self._match()
        bit = len(IOU_THRESHOLDS)
        counted = (self._out.values >> bit & 1) == 0
        scores = self._score.values[counted]
        order = np.argsort(-scores, kind="stable")
        right = np.cumsum((self._hit.values[counted][order] >> bit & 1).astype(np.int64))
        recall = right / max(1, int(self._objects.sum()))
        return scores[order], right / np.arange(1, len(right) + 1), recall

    def by_frame(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the stamps of frames in nanoseconds, and how much each found and missed."""
        self._match()
        found = self._frame_found.values.astype(np.int64)
        return self._frame_stamp.values, found, self._frame_missed.values.astype(np.int64)

    def _match(self) -> None:
        if not self._waiting:
            return
        truths, founds, anywheres = zip(*self._waiting, strict=True)
        self._waiting = []
        truth_class, truth_frame = self._ids(truths)
        found_class, found_frame = self._ids(founds)
        self._make_room()
        truth_boxes = np.concatenate([frame.boxes for frame in truths])
        boxes = np.concatenate([frame.boxes for frame in founds])
        scores = np.concatenate([frame.scores for frame in founds])
        ignored = self._too_small(truth_boxes)
        matches = match(
            truth_frame * len(self._numbers) + truth_class,
            truth_boxes,
            ignored,
            found_frame * len(self._numbers) + found_class,
            boxes,
            scores,
            self._thresholds,
        )
        kept = matches.detections
        hit = matches.truth >= 0
        # Looked up with -1, too, where there is no hit.
        out = hit & np.append(ignored, False)[matches.truth]
        out |= ~hit & self._too_small(boxes[kept])[:, None]
        out |= ~hit & self._on_anything(anywheres, found_frame[kept], boxes[kept])

        strong = scores[kept] >= self._score_threshold
        has_found = matches.truth[strong & hit[:, -1], -1]
        is_found = np.zeros(len(truth_boxes), np.bool_)
        is_found[has_found] = True
        is_false = strong & ~hit[:, -1] & ~out[:, -1]
        size = size_of(truth_boxes)
        np.add.at(self._found, (truth_class[is_found & ~ignored], size[is_found & ~ignored]), 1)
        missed = ~is_found & ~ignored
        np.add.at(self._missed, (truth_class[missed], size[missed]), 1)
        np.add.at(self._false, found_class[kept][is_false], 1)
        np.add.at(self._objects, truth_class[~ignored], 1)
        self.ignored += int(ignored.sum())

        weights = 1 << np.arange(len(self._thresholds))
        self._class.extend(found_class[kept])
        self._score.extend(scores[kept])
        self._hit.extend(hit @ weights)
        self._out.extend(out @ weights)
        count = len(truths)
        self._frame_stamp.extend([frame.stamp_ns for frame in truths])
        for column, frames in (
            (self._frame_found, truth_frame[is_found & ~ignored]),
            (self._frame_missed, truth_frame[missed]),
        ):
            column.extend(np.minimum(np.bincount(frames, minlength=count), 0xFFFF))

    def _ids(self, frames: Sequence[Frame]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the class of each box, and the frame it is in."""
        numbers = self._numbers
        classes = [
            numbers.setdefault(name, len(numbers)) for frame in frames for name in frame.names
        ]
        lengths = [len(frame) for frame in frames]
        return np.array(classes, np.int64), np.repeat(np.arange(len(frames)), lengths)

    def _make_room(self) -> None:
        more = len(self._numbers) - len(self._false)
        self._found = np.pad(self._found, ((0, more), (0, 0)))
        self._missed = np.pad(self._missed, ((0, more), (0, 0)))
        self._false = np.pad(self._false, (0, more))
        self._objects = np.pad(self._objects, (0, more))

    def _too_small(self, boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(boxes[:, 2:4].min(axis=1) < self._min_size)

    def _on_anything(
        self,
        anywheres: Sequence[NDArray[np.float64]],
        frames: NDArray[np.int64],
        boxes: NDArray[np.float64],
    ) -> NDArray[np.bool_]:
        """Whether each detection lies, at each threshold, where nothing counts."""
        places = np.concatenate(anywheres)
        of_frame = np.repeat(np.arange(len(anywheres)), [len(places) for places in anywheres])
        which, where = pairs_within(frames, of_frame)
        most = np.zeros(len(boxes))
        np.maximum.at(most, which, iou(boxes[which], places[where]))
        over: NDArray[np.bool_] = most[:, None] >= np.minimum(self._thresholds, 1 - 1e-10)
        return over
