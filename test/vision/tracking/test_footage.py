"""People of a real video keep their ids.

vtest_yolox_nano.npz holds what YOLOX-Nano finds (score 0.1 or more, NMS at IoU 0.45) in the first
201 frames of OpenCV's vtest.avi, 10 frames per second. Who is who was looked up by eye.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_compress.vision.detections import Detections
from edge_compress.vision.labels import load_labels
from edge_compress.vision.tracking import Tracker

FOUND = np.load(Path(__file__).parent / "vtest_yolox_nano.npz")
LABELS = load_labels("coco")
# The same person in two frames, by the centre of the body in pixels.
SAME = [
    ("red and blue jacket", (60, 485, 247), (120, 572, 160)),
    ("blond", (60, 517, 242), (120, 597, 166)),
    ("grey coat", (60, 633, 287), (120, 662, 166)),
    ("blond, further off", (120, 597, 166), (180, 712, 130)),
    ("jeans, through a group", (120, 386, 222), (180, 516, 267)),
]
# Walks behind the lamp and past three people; the model is not sure of her for a second.
WHITE_HAT = ("white hat", (120, 705, 265), (180, 214, 196))


def detections(frame, confidence):
    rows = (FOUND["frame"] == frame) & (FOUND["score"] >= confidence * 255)
    return Detections(
        (FOUND["box"][rows] / 10).astype(np.float32),
        (FOUND["score"][rows] / 255).astype(np.float32),
        FOUND["class_id"][rows].astype(np.int64),
        LABELS,
    )


class Watched:
    """The tracks of the people in some of the frames."""

    def __init__(self, frames, confidence):
        tracker = Tracker()
        self.people = {}
        for frame in frames:
            found = detections(frame, confidence)
            ids = tracker.update(found, frame / 10)
            names = [name for name in ids if name]
            assert len(ids) == len(found)
            assert len(set(names)) == len(names)
            people = found.class_ids == LABELS.index("person")
            self.people[frame] = [
                (name, box) for name, box, one in zip(ids, found.boxes, people, strict=True) if one
            ]

    def who(self, frame, x, y):
        """The id of the person whose box has its centre next to there."""
        near = {
            float(np.hypot((box[0] + box[2]) / 2 - x, (box[1] + box[3]) / 2 - y)): name
            for name, box in self.people[frame]
        }
        assert min(near) < 20
        return near[min(near)]

    def ids(self):
        return {name for people in self.people.values() for name, _ in people} - {""}


def uneven(seed):
    """Two frames in three, as a detector under load takes them."""
    taken = np.flatnonzero(np.random.default_rng(seed).random(201) < 0.67).tolist()
    return sorted({*taken, 60, 120, 180})


@pytest.mark.parametrize("confidence", [0.1, 0.3])
@pytest.mark.parametrize(
    "frames", [range(201), range(0, 201, 2), uneven(1)], ids=["10 Hz", "5 Hz", "uneven"]
)
def test_people_keep_their_ids(frames, confidence):
    watched = Watched(frames, confidence)
    for person, before, after in SAME:
        assert watched.who(*before) == watched.who(*after) != "", person
    # Five of them, and as many who come and go.
    assert len(watched.ids()) <= 20


def test_unsure_detections_bridge_what_the_sure_ones_lose():
    _, before, after = WHITE_HAT
    watched = Watched(range(201), 0.1)
    assert watched.who(*before) == watched.who(*after) != ""
    surely = Watched(range(201), 0.5)
    assert surely.who(*before) != surely.who(*after)
