"""Greedy NMS against the few lines of its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_compress.vision.boxes import cxcywh_to_xyxy, iou_matrix
from edge_compress.vision.nms import nms


def iou(a, b):
    """Intersection over union of two boxes, by the book."""
    across = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    down = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - across * down
    return across * down / union if union > 0 else 0.0


def brute_force(boxes, scores, class_ids, threshold, most):
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        if all(class_ids[i] != class_ids[k] or iou(boxes[i], boxes[k]) <= threshold for k in kept):
            kept.append(i)
    return kept[:most]


# Whole coordinates and a threshold that no ratio of small areas hits: no rounding decides here.
@st.composite
def scenes(draw, most=40):
    count = draw(st.integers(0, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corner = rng.integers(0, 30, (count, 2))
    side = rng.integers(0, 20, (count, 2))
    boxes = np.concatenate([corner, corner + side], axis=1).astype(np.float32)
    scores = (rng.integers(0, 20, count) / 20).astype(np.float32)
    return boxes, scores, rng.integers(0, 3, count).astype(np.int64)


@settings(deadline=None)
@given(scenes(), st.sampled_from([0.123457, 0.456789, 0.712345]), st.integers(1, 50))
def test_it_keeps_what_the_definition_keeps(scene, threshold, most):
    assert nms(*scene, threshold, most).tolist() == brute_force(*scene, threshold, most)


def test_many_boxes_are_kept_right_across_blocks():
    rng = np.random.default_rng(7)
    corner = rng.integers(0, 300, (900, 2))
    boxes = np.concatenate([corner, corner + rng.integers(5, 60, (900, 2))], 1).astype(np.float32)
    scores = rng.random(900).astype(np.float32)
    classes = rng.integers(0, 2, 900)
    expected = brute_force(boxes.tolist(), scores, classes, 0.456789, 900)
    assert len(expected) > 300
    assert nms(boxes, scores, classes, 0.456789, 900).tolist() == expected


def test_classes_do_not_suppress_each_other():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 10]], np.float32)
    scores = np.array([0.5, 0.9, 0.8], np.float32)
    assert nms(boxes, scores, np.array([1, 0, 0]), 0.5, 10).tolist() == [1, 0]


def test_nothing_in_is_nothing_out():
    none = np.zeros((0, 4), np.float32)
    assert nms(none, np.zeros(0, np.float32), np.zeros(0, np.int64), 0.5, 10).tolist() == []


@given(scenes(), scenes())
def test_the_iou_matrix_is_every_pair_by_the_book(a, b):
    expected = [[iou(x, y) for y in b[0].tolist()] for x in a[0].tolist()]
    matrix = iou_matrix(a[0], b[0])
    np.testing.assert_allclose(matrix, np.reshape(expected, matrix.shape), atol=1e-6)


def test_centers_and_sides_become_corners():
    box = np.array([[10, 20, 4, 6]], np.float32)
    assert cxcywh_to_xyxy(box).tolist() == [[8, 17, 12, 23]]


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_the_ends_of_the_threshold(threshold):
    boxes = np.array([[0, 0, 10, 10], [9, 9, 20, 20], [50, 50, 60, 60]], np.float32)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    kept = nms(boxes, scores, np.zeros(3, np.int64), threshold, 10).tolist()
    assert kept == ([0, 2] if threshold == 0.0 else [0, 1, 2])
