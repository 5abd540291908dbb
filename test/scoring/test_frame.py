"""What is read from a message."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from edge_compress.scoring.frame import read_frame
from edge_compress.scoring.sizes import size_of


def test_stamp_boxes_scores_and_names(make_message):
    read = read_frame(make_message(12.5, [("cat", 0.5, 10, 20, 30, 40), ("dog", 0.9, 0, 0, 5, 6)]))
    assert read.stamp_ns == 12_500_000_000
    np.testing.assert_allclose(read.boxes, [[10, 20, 30, 40], [0, 0, 5, 6]])
    np.testing.assert_allclose(read.scores, [0.5, 0.9])
    assert read.names == ("cat", "dog")
    assert len(read_frame(make_message(1))) == 0


def test_the_best_of_several_hypotheses_counts_and_none_is_a_class_of_its_own(make_message):
    message = make_message(1, [("cat", 0.2, 0, 0, 9, 9), ("dog", 0.9, 0, 0, 9, 9)])
    first, second = message.detections
    first.results += [
        SimpleNamespace(hypothesis=SimpleNamespace(class_id="fox", score=0.7)),
        SimpleNamespace(hypothesis=SimpleNamespace(class_id="owl", score=0.7)),
    ]
    second.results.clear()
    read = read_frame(message)
    assert read.names == ("fox", "")
    assert read.scores.tolist() == [0.7, 1.0]


@pytest.mark.parametrize(
    ("truth", "kept"), [(False, ("flat", "good")), (True, ("unscored", "good"))]
)
def test_boxes_that_are_no_boxes_are_left_out_and_counted(make_message, truth, kept):
    boxes = [
        ("nowhere", 0.5, math.nan, 0, 9, 9), ("endless", 0.5, 0, 0, math.inf, 9),
        ("inside out", 0.5, 0, 0, -9, 9), ("unscored", math.nan, 0, 0, 9, 9),
        ("flat", 0.5, 0, 0, 0, 9), ("good", 0.5, 0, 0, 9, 9),
    ]  # fmt: skip
    read = read_frame(make_message(1, boxes), truth=truth)
    assert read.names == kept
    assert read.unreadable == 4
    assert np.isfinite(read.boxes).all()


def test_a_rotated_box_becomes_the_upright_one_around_it(make_message):
    quarter = read_frame(make_message(1, [("cat", 1, 0, 0, 40, 20)], theta=math.pi / 2))
    np.testing.assert_allclose(quarter.boxes, [[10, -10, 20, 40]], atol=1e-9)


def test_sizes_are_those_of_coco():
    boxes = [(0, 0, 31.9, 32), (0, 0, 32, 32), (0, 0, 95.9, 96), (0, 0, 96, 96)]
    assert size_of(np.array(boxes)).tolist() == [0, 1, 1, 2]
