"""Messages and frames to score."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edge_compress.scoring.frame import Frame

sys.path.insert(0, str(Path(__file__).parent))  # what several tests share


def message(stamp_s, boxes=(), theta=0.0):
    """Build what rclpy and rosbags give; a box is (class, score, left, top, width, height)."""
    sec, nanosec = divmod(round(stamp_s * 1e9), 10**9)
    return SimpleNamespace(
        header=SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec)),
        detections=[
            SimpleNamespace(
                results=[hypothesis(name, score)],
                bbox=SimpleNamespace(
                    center=SimpleNamespace(
                        position=SimpleNamespace(x=left + width / 2, y=top + height / 2),
                        theta=theta,
                    ),
                    size_x=width,
                    size_y=height,
                ),
            )
            for name, score, left, top, width, height in boxes
        ],
    )


def hypothesis(name, score):
    return SimpleNamespace(hypothesis=SimpleNamespace(class_id=name, score=score))


def frame(boxes, scores=None, names=None, stamp_ns=0):
    boxes = np.array(boxes, np.float64).reshape(-1, 4)
    scores = np.ones(len(boxes)) if scores is None else np.array(scores, np.float64)
    return Frame(stamp_ns, boxes, scores, tuple(names or ["cat"] * len(boxes)))


def random_flight(seed, frames, objects=8, classes=4, ties=False, crowded=False):
    """Return frames of objects, and of detections: shifted, doubled, missed, invented, renamed."""
    rng = np.random.default_rng(seed)
    names = [f"class {number}" for number in range(classes)]
    truths, founds = [], []
    for number in range(frames):
        count = rng.integers(0, objects + 1)
        # Small, medium and large; close together, so that they overlap each other.
        boxes = np.concatenate(
            [rng.uniform(0, 150, (count, 2)), np.exp(rng.uniform(2.0, 5.2, (count, 2)))], axis=1
        )
        if crowded:  # many overlap, and by the same share
            boxes = np.stack(
                [*rng.integers(0, 4, (2, count)) * 10, *rng.integers(3, 7, (2, count)) * 10], axis=1
            ).astype(float)
        which = rng.integers(0, classes, count)
        truths.append(frame(boxes, names=[names[i] for i in which], stamp_ns=number))
        again = np.concatenate([np.arange(count), rng.integers(0, max(1, count), count)])[
            : 2 * count
        ]
        again = again[rng.random(len(again)) < 0.75]
        shifted = boxes[again] * (1 + rng.normal(0, 0.06, (len(again), 4)))
        if crowded:
            shifted = boxes[again] + rng.integers(-1, 2, (len(again), 4)) * 5
        invented = np.concatenate(
            [rng.uniform(0, 150, (3, 2)), rng.uniform(5, 120, (3, 2))], axis=1
        )
        found = np.abs(np.concatenate([shifted, invented]))
        labels = np.concatenate([which[again], rng.integers(0, classes, 3)]).astype(int)
        labels = np.where(rng.random(len(labels)) < 0.1, rng.integers(0, classes), labels)
        scores = rng.random(len(found)) * np.where(np.arange(len(found)) < len(again), 1, 0.7)
        scores = np.round(scores, 1) if ties else scores
        founds.append(frame(found, scores, [names[i] for i in labels], stamp_ns=number))
    return truths, founds


@pytest.fixture
def make_message():
    return message


@pytest.fixture
def make_frame():
    return frame


@pytest.fixture
def fly():
    return random_flight
