"""Gives each object the same id in every frame.

After Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box",
arXiv:2110.06864 (ECCV 2022): what was surely seen is paired with the tracks first, and only then
what was hardly seen, which may keep a track alive but never begins one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_compress.errors import EdgeCompressError
from edge_compress.vision.boxes import iou_matrix
from edge_compress.vision.detections import Detections
from edge_compress.vision.tracking.assignment import assign
from edge_compress.vision.tracking.kalman import BoxFilters


class TrackerError(EdgeCompressError):
    """A setting of the tracker is out of its range."""


@dataclass(frozen=True)
class TrackerSettings:
    """What counts as the same object.

    Attributes:
        sure: 0-1; a detection with this score was surely seen.
        overlap: 0-1; the least IoU of a sure detection with where its track is expected.
        overlap_unsure: 0-1; the same for another detection.
        lost_s: seconds after which an object that is not seen any more is another when it returns.

    Raises:
        TrackerError: when a value is out of range.
    """

    sure: float = 0.5
    overlap: float = 0.2
    overlap_unsure: float = 0.5
    lost_s: float = 1.0

    def __post_init__(self) -> None:
        """Refuse values out of range where they enter."""
        for name in ("sure", "overlap", "overlap_unsure"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise TrackerError(f"`{name}` must be between 0 and 1, got {value}")
        if not 0.0 <= self.lost_s < float("inf"):
            raise TrackerError(f"`lost_s` must be a time in seconds, 0 or more, got {self.lost_s}")


class Tracker:
    """Follows the objects of one camera; see `TrackerSettings` for the limits.

    An object has a track from the second time on that it was surely seen, so that a single false
    detection never gets an id. Objects of different classes are never the same. An id is not used
    again as long as the tracker lives.
    """

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        """Begin without objects."""
        self._settings = settings or TrackerSettings()
        self._next_id = 1
        self.reset()

    def reset(self) -> None:
        """Forget all objects; those of the next frames are new."""
        self._now_s = -np.inf
        self._filters = BoxFilters()
        self._ids = np.zeros(0, np.int64)  # 0 until the object was seen again
        self._classes = np.zeros(0, np.int64)
        self._seen_s = np.zeros(0)

    def update(self, detections: Detections, time_s: float) -> tuple[str, ...]:
        """Follow the objects into the next frame.

        Args:
            detections: what was seen there.
            time_s: when, in seconds of any clock. When it goes back, all objects are forgotten.

        Returns:
            The id of each detection, in their order; empty for one without a track.
        """
        if time_s < self._now_s:
            self.reset()
        self._expire(time_s)
        if len(self._filters):
            self._filters.predict(time_s - self._now_s)
        followed = self._seen_s == self._now_s
        self._now_s = time_s

        sure = detections.scores >= self._settings.sure
        track_of = np.full(len(detections), -1, np.int64)
        named = self._ids > 0
        self._pair(detections, track_of, sure, named, self._settings.overlap)
        # Only those seen a frame ago: a faint box where one was lost is more often something else.
        self._pair(detections, track_of, ~sure, named & followed, self._settings.overlap_unsure)
        self._pair(detections, track_of, sure, ~named, self._settings.overlap)

        pairs = np.flatnonzero(track_of >= 0)
        rows = track_of[pairs]
        self._filters.update(rows, detections.boxes[pairs])
        self._seen_s[rows] = time_s
        self._name(rows)
        ids = self._ids[rows].tolist()
        self._begin(detections, sure & (track_of < 0))
        self._end_doubtful()
        names = dict(zip(pairs.tolist(), ids, strict=True))
        return tuple(str(names[i]) if i in names else "" for i in range(len(detections)))

    def _pair(
        self,
        detections: Detections,
        track_of: NDArray[np.int64],
        seen: NDArray[np.bool_],
        tracks: NDArray[np.bool_],
        overlap: float,
    ) -> None:
        """Pair those of `seen` and `tracks` that are not paired yet; writes into `track_of`."""
        free = tracks.copy()
        free[track_of[track_of >= 0]] = False
        rows, columns = np.flatnonzero(free), np.flatnonzero(seen & (track_of < 0))
        if not (len(rows) and len(columns)):
            return
        affinity = iou_matrix(self._filters.boxes[rows], detections.boxes[columns])
        affinity *= self._classes[rows][:, None] == detections.class_ids[columns][None]
        tracked, found = assign(affinity, overlap)
        track_of[columns[found]] = rows[tracked]

    def _name(self, rows: NDArray[np.int64]) -> None:
        new = rows[self._ids[rows] == 0]
        self._ids[new] = np.arange(self._next_id, self._next_id + len(new))
        self._next_id += len(new)

    def _begin(self, detections: Detections, new: NDArray[np.bool_]) -> None:
        count = int(new.sum())
        self._filters.add(detections.boxes[new])
        self._ids = np.append(self._ids, np.zeros(count, np.int64))
        self._classes = np.append(self._classes, detections.class_ids[new])
        self._seen_s = np.append(self._seen_s, np.full(count, self._now_s))

    def _expire(self, time_s: float) -> None:
        self._keep(time_s - self._seen_s <= self._settings.lost_s)

    def _end_doubtful(self) -> None:
        """Forget what was seen once and not in the next frame."""
        self._keep((self._ids > 0) | (self._seen_s == self._now_s))

    def _keep(self, rows: NDArray[np.bool_]) -> None:
        if rows.all():
            return
        self._filters.keep(rows)
        self._ids, self._classes = self._ids[rows], self._classes[rows]
        self._seen_s = self._seen_s[rows]
