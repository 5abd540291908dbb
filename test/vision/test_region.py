"""The part of a frame that the network looks at."""

from __future__ import annotations

import numpy as np
import pytest

from edge_compress.vision.detections import Detections
from edge_compress.vision.region import Region, RegionError

IMAGE = np.arange(20 * 30 * 3, dtype=np.uint16).reshape(20, 30, 3)


def test_a_crop_is_a_view_of_those_pixels():
    part = Region(4, 5, 10, 8).crop(IMAGE)
    np.testing.assert_array_equal(part, IMAGE[5:13, 4:14])
    assert np.shares_memory(part, IMAGE)


def test_the_whole_frame_is_a_region():
    assert Region(0, 0, 30, 20).crop(IMAGE).shape == IMAGE.shape


def test_boxes_move_to_where_the_region_is():
    boxes = np.array([[0, 0, 10, 8], [1.5, 2, 3, 4]], np.float32)
    scores, ids = np.array([0.9, 0.5], np.float32), np.array([0, 1])
    moved = Region(4, 5, 10, 8).to_frame(Detections(boxes, scores, ids, ("a", "b")))
    np.testing.assert_array_equal(moved.boxes, [[4, 5, 14, 13], [5.5, 7, 7, 9]])
    assert moved.boxes.dtype == np.float32
    assert moved.names == ("a", "b")
    assert moved.scores is scores


def test_nothing_moves_to_nothing():
    assert len(Region(4, 5, 10, 8).to_frame(Detections.empty(("a",)))) == 0


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (Region(0, 0, 31, 20), r"31x20 at \(0, 0\) does not fit into a frame of 30x20"),
        (Region(30, 0, 1, 1), r"\(30, 0\)"),
        (Region(0, 19, 1, 2), r"1x2 at \(0, 19\)"),
    ],
)
def test_a_region_beside_the_frame_is_refused(region, said):
    with pytest.raises(RegionError, match=said):
        region.crop(IMAGE)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((0, 0, 0, 5), "0x5 has no pixels"),
        ((0, 0, 5, -1), "5x-1 has no pixels"),
        ((-1, 0, 5, 5), r"not at \(-1, 0\)"),
        ((0, -2, 5, 5), r"not at \(0, -2\)"),
    ],
)
def test_a_region_that_no_frame_can_have_is_refused(fields, said):
    with pytest.raises(RegionError, match=said):
        Region(*fields)
