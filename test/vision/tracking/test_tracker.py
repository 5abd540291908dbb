"""Objects keep their ids."""

from __future__ import annotations

import numpy as np
import pytest

from edge_compress.vision.detections import Detections
from edge_compress.vision.tracking import Tracker, TrackerError, TrackerSettings

LABELS = ("person", "car")


def seen(*objects):
    """Detections of objects (centre x, centre y[, score[, class]]), each 40 x 100 pixels."""
    filled = [(x, y, *rest, *(0.9, 0)[len(rest) :]) for x, y, *rest in objects]
    boxes = [(x - 20, y - 50, x + 20, y + 50) for x, y, _, _ in filled]
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([o[2] for o in filled], np.float32),
        np.array([o[3] for o in filled], np.int64),
        LABELS,
    )


def test_an_object_has_an_id_from_the_second_time_on():
    tracker = Tracker()
    ids = [tracker.update(seen((100 + 5 * i, 200)), i / 10) for i in range(5)]
    assert ids == [("",), ("1",), ("1",), ("1",), ("1",)]


def test_ids_come_in_the_order_of_the_detections():
    tracker = Tracker()
    left, right = (100, 200), (400, 200)
    tracker.update(seen(left, right), 0.0)
    a, b = tracker.update(seen(left, right), 0.1)
    assert tracker.update(seen(right, (700, 200), left), 0.2) == (b, "", a)
    assert a != b


@pytest.mark.parametrize("uneven", [False, True])
def test_two_who_cross_keep_their_ids(uneven):
    # They walk through each other at 200 pixels a second: five box widths.
    rng = np.random.default_rng(1)
    steps = rng.uniform(0.02, 0.12, 60) if uneven else np.full(60, 0.0667)
    tracker, first = Tracker(), None
    for time in np.cumsum(steps):
        jitter = rng.normal(0, 1.0, 4)
        a = (100 + 200 * time + jitter[0], 200 + jitter[1])
        b = (900 - 200 * time + jitter[2], 215 + jitter[3])
        # Who is nearer hides the other while they overlap by more than half.
        hidden = abs(a[0] - b[0]) < 20
        ids = tracker.update(seen(a) if hidden else seen(a, b), time)
        if first is None and all(ids) and len(ids) == 2:
            first = ids
    assert ids == first


def test_many_in_a_crowd_keep_their_ids():
    rng = np.random.default_rng(2)
    start, speed = rng.uniform(100, 1800, (25, 2)), rng.uniform(-60, 60, (25, 2))
    tracker, ids_of = Tracker(), [set() for _ in range(25)]
    for time in np.arange(0, 4, 1 / 15):
        order = rng.permutation(25)
        points = (start + speed * time)[order] + rng.normal(0, 1, (25, 2))
        for person, name in zip(order, tracker.update(seen(*points), time), strict=True):
            ids_of[person].add(name)
    assert all(names - {""} for names in ids_of)
    # Where boxes of one size cover each other for a second, nobody could tell.
    assert sum(len(names - {""}) == 1 for names in ids_of) >= 23


def test_a_faint_detection_keeps_a_track_but_begins_none():
    tracker = Tracker()
    scores = [0.9, 0.9, 0.2, 0.3, 0.2, 0.9]
    ids = [
        tracker.update(seen((100 + 3 * i, 200, score), (600, 200, 0.4)), i / 10)
        for i, score in enumerate(scores)
    ]
    assert [i[0] for i in ids] == ["", *["1"] * 5]
    assert [i[1] for i in ids] == [""] * 6


def test_a_single_false_detection_gets_no_id():
    tracker = Tracker()
    for i in range(6):
        objects = [(100, 200), (600, 200)] if i == 3 else [(100, 200)]
        ids = tracker.update(seen(*objects), i / 10)
        assert "" in ids or i not in (0, 3)
    assert tracker.update(seen((600, 200)), 0.6) == ("",)


def test_a_hidden_object_returns_where_it_was_going():
    tracker = Tracker()
    for i in range(10):
        (name,) = tracker.update(seen((100 + 15 * i, 200)), i / 10)
    for i in range(10, 16):
        assert tracker.update(seen(), i / 10) == ()
    assert tracker.update(seen((100 + 15 * 16, 200)), 1.6) == (name,)


def test_an_object_that_was_away_too_long_is_another():
    tracker = Tracker(TrackerSettings(lost_s=0.5))
    for i in range(5):
        tracker.update(seen((100, 200)), i / 10)
    assert tracker.update(seen((100, 200)), 0.4 + 0.6) == ("",)
    assert tracker.update(seen((100, 200)), 1.1) == ("2",)


def test_classes_are_never_the_same_object():
    tracker = Tracker()
    tracker.update(seen((100, 200, 0.9, 0)), 0.0)
    assert tracker.update(seen((100, 200, 0.9, 1)), 0.1) == ("",)
    tracker.update(seen((100, 200, 0.9, 0), (100, 200, 0.9, 1)), 0.2)
    first = tracker.update(seen((100, 200, 0.9, 0), (100, 200, 0.9, 1)), 0.3)
    assert tracker.update(seen((100, 200, 0.8, 1), (100, 200, 0.7, 0)), 0.4) == first[::-1]


def test_a_clock_that_goes_back_begins_anew_with_new_ids():
    tracker = Tracker()
    for i in range(3):
        before = tracker.update(seen((100, 200)), 50 + i / 10)
    assert tracker.update(seen((100, 200)), 1.0) == ("",)
    after = tracker.update(seen((100, 200)), 1.1)
    assert after[0] not in ("", *before)


def test_frames_of_the_same_time_are_followed():
    tracker = Tracker()
    names = [tracker.update(seen((100 + i, 200)), 0.0) for i in range(4)]
    assert names == [("",), ("1",), ("1",), ("1",)]


def test_nothing_is_seen_for_a_while():
    tracker = Tracker()
    assert tracker.update(seen(), 0.0) == ()
    assert tracker.update(Detections.empty(LABELS), 100.0) == ()
    assert tracker.update(seen((100, 200)), 100.1) == ("",)


def test_trackers_do_not_share_their_ids():
    a, b = Tracker(), Tracker()
    for i in range(3):
        first, second = a.update(seen((100, 200)), i / 10), b.update(seen((500, 100)), i / 10)
    assert first == second == ("1",)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sure": 1.5}, "`sure` must be between 0 and 1, got 1.5"),
        ({"overlap": -0.1}, "`overlap`"),
        ({"overlap_unsure": float("nan")}, "`overlap_unsure`"),
        ({"lost_s": -1.0}, "`lost_s` must be a time in seconds"),
        ({"lost_s": float("inf")}, "`lost_s`"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, said):
    with pytest.raises(TrackerError, match=said):
        TrackerSettings(**settings)
