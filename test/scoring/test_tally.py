"""Figures against those of pycocotools, and what is counted beside."""

from __future__ import annotations

import numpy as np
import pytest
from coco import as_coco, evaluate

from edge_compress.scoring.tally import Tally


def tally_of(truths, founds, **settings):
    tally = Tally(**settings)
    for truth, found in zip(truths, founds, strict=True):
        tally.add(truth, found)
    return tally


HARD = [{}, {"ties": True}, {"crowded": True, "classes": 1, "ties": True}]


@pytest.mark.parametrize("how", HARD, ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_ap_is_that_of_pycocotools(fly, seed, how):
    truths, founds = fly(seed, frames=60, **how)
    reference, results, names = as_coco(truths, founds)
    expected = evaluate(reference, results)
    curves = tally_of(truths, founds).curves()
    assert set(curves.by_class) == set(names)
    for place, name in enumerate(names):
        np.testing.assert_allclose(curves.by_class[name], expected[..., place], rtol=0, atol=1e-12)
    assert 0.05 < expected.mean() < 0.95  # it is a task with something to tell
    assert curves.mean.mean() == pytest.approx(expected.mean(), abs=1e-6)
    assert curves.mean[0].mean() == pytest.approx(expected[0].mean(), abs=1e-6)


def test_many_detections_of_one_class_are_cut_off_as_pycocotools_does(fly):
    truths, founds = fly(3, frames=4, objects=120, classes=1)
    assert max(map(len, founds)) > 100
    reference, results, _ = as_coco(truths, founds)
    expected = evaluate(reference, results)[..., 0]
    np.testing.assert_allclose(
        tally_of(truths, founds).curves().by_class["class 0"], expected, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("how", HARD[1:], ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_small_objects_are_ignored_as_pycocotools_ignores_by_area(fly, seed, how, monkeypatch):
    truths, founds = fly(seed, frames=60, **how)
    reference, results, names = as_coco(truths, founds)
    expected = evaluate(reference, results, area=(40.0**2, 1e10))
    tally = tally_of(truths, founds)
    # Ours goes by width and height; by area, what is done with them must be the same.
    monkeypatch.setattr(tally, "_too_small", lambda boxes: boxes[:, 2] * boxes[:, 3] < 40.0**2)
    curves = tally.curves()
    for place, name in enumerate(names):
        np.testing.assert_allclose(curves.by_class[name], expected[..., place], rtol=0, atol=1e-12)
    assert tally.ignored > 50


def test_in_pieces_or_at_once_is_the_same(fly):
    truths, founds = fly(1, frames=700)  # more than are matched together
    whole = tally_of(truths, founds)
    pieces = Tally()
    for truth, found in zip(truths, founds, strict=True):
        pieces.add(truth, found)
        pieces.counts()
    assert whole.counts() == pieces.counts()
    for name, curve in whole.curves().by_class.items():
        np.testing.assert_array_equal(curve, pieces.curves().by_class[name])


def test_hits_misses_and_false_detections_by_class_and_size(make_frame):
    truth = make_frame(
        [(0, 0, 20, 20), (100, 0, 50, 50), (200, 0, 200, 200), (0, 300, 31, 32)],
        names=["cat", "cat", "dog", "dog"],
    )
    found = make_frame(
        [(0, 0, 20, 18), (100, 0, 50, 50), (300, 300, 10, 10), (210, 0, 200, 200)],
        [0.9, 0.2, 0.8, 0.7],
        ["cat", "cat", "cat", "bird"],
    )
    tally = tally_of([truth], [found])
    total = tally.counts()
    assert (total.found, total.missed, total.false) == (1, 3, 2)  # 0.2 is too weak
    assert total.precision == pytest.approx(1 / 3)
    assert total.recall == 1 / 4
    assert tally.names == ("bird", "cat", "dog")
    cat = tally.counts("cat")
    assert (cat.found, cat.missed, cat.false) == (1, 1, 1)
    assert tally.counts("bird").recall is None
    assert tally.counts("dog").precision is None
    sizes = {size: tally.counts(size=size) for size in ("small", "medium", "large")}
    assert {size: (c.found, c.missed) for size, c in sizes.items()} == {
        "small": (1, 1), "medium": (0, 1), "large": (0, 1),
    }  # fmt: skip
    assert list(tally.curves().by_class) == ["cat", "dog"]  # no bird was there to find


def test_thresholds_decide_what_is_found(make_frame):
    truth, found = make_frame([(0, 0, 100, 100)]), make_frame([(0, 0, 100, 60)], [0.5])
    for settings, hit in [
        ({}, True), ({"iou_threshold": 0.6}, True), ({"iou_threshold": 0.61}, False),
        ({"score_threshold": 0.5}, True), ({"score_threshold": 0.51}, False),
    ]:  # fmt: skip
        assert (tally_of([truth], [found], **settings).counts().found == 1) is hit, settings


def test_an_empty_frame_of_ground_truth_holds_what_is_reported_against_the_detector(make_frame):
    tally = tally_of([make_frame([])], [make_frame([(0, 0, 9, 9)], [0.9])])
    assert (tally.counts().false, tally.counts().precision, tally.counts().recall) == (1, 0.0, None)
    assert tally.curves().mean is None


def test_an_object_is_found_once(make_frame):
    truth = make_frame([(0, 0, 50, 50)])
    found = make_frame([(0, 0, 50, 50), (1, 1, 50, 50)], [0.8, 0.9])
    counts = tally_of([truth], [found]).counts()
    assert (counts.found, counts.missed, counts.false) == (1, 0, 1)


def test_what_is_too_small_is_neither_hit_nor_miss(make_frame):
    truth = make_frame([(0, 0, 10, 60), (100, 0, 60, 60)])
    found = make_frame(
        [(0, 0, 10, 60), (100, 0, 60, 60), (300, 0, 8, 8), (300, 100, 60, 60), (0, 0, 30, 30)],
        [0.9] * 5,
    )
    tally = tally_of([truth], [found], min_size_px=20)
    counts = tally.counts()
    assert (counts.found, counts.missed, counts.false) == (1, 0, 2)
    assert tally.ignored == 1
    assert counts.recall == 1.0


def test_where_anything_may_be_no_detection_is_wrong(make_frame):
    anything = np.array([(0.0, 0.0, 50.0, 50.0)])
    tally = Tally()
    found = make_frame(
        [(0, 0, 50, 50), (2, 0, 50, 50), (20, 0, 200, 50)], [0.9] * 3, ["cat", "dog", "cat"]
    )
    tally.add(make_frame([]), found, anything)
    assert tally.counts().false == 1
    tally.add(make_frame([(0, 0, 50, 50)]), make_frame([(0, 0, 50, 50)], [0.9]), anything)
    assert tally.counts().found == 1  # what is right stays so
    assert tally.curves().ap("cat") == pytest.approx(0.5)  # the wide one was as sure, and wrong


def test_precision_and_recall_by_score(make_frame):
    truth = make_frame([(0, 0, 50, 50), (100, 0, 50, 50)])
    found = make_frame([(0, 0, 50, 50), (300, 0, 50, 50)], [0.9, 0.4])
    scores, precision, recall = tally_of([truth], [found]).by_score()
    np.testing.assert_allclose(scores, [0.9, 0.4])
    np.testing.assert_allclose(precision, [1, 0.5])
    np.testing.assert_allclose(recall, [0.5, 0.5])
    stamps, hits, misses = tally_of([truth, truth], [found, make_frame([])]).by_frame()
    assert (stamps.tolist(), hits.tolist(), misses.tolist()) == ([0, 0], [1, 0], [1, 2])


def test_a_long_flight_takes_little_memory(fly):
    truths, founds = fly(0, frames=1000)
    tally = tally_of(truths, founds)
    tally.counts()
    detections = sum(map(len, founds))
    kept = sum(column._room.nbytes for column in vars(tally).values() if hasattr(column, "_room"))
    assert kept < 1.6 * (16 * detections + 12 * 1000)
