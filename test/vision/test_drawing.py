"""Boxes drawn on frames."""

from __future__ import annotations

import numpy as np
import pytest

from edge_compress.vision.detections import Detections
from edge_compress.vision.drawing import class_color, draw
from edge_compress.vision.image import ImageError


def one_box(x1, y1, x2, y2, class_id=0):
    return Detections(
        np.array([[x1, y1, x2, y2]], np.float32),
        np.array([0.9], np.float32),
        np.array([class_id]),
        ("person",),
    )


def test_the_edges_of_a_box_have_its_class_colour():
    image = np.zeros((480, 640, 3), np.uint8)
    drawn = draw(image, one_box(200, 100, 400, 300))
    for y, x in [(300, 300), (200, 200), (200, 400)]:
        assert drawn[y, x].tolist() == list(class_color(0))
    assert drawn[200, 300].tolist() == [0, 0, 0]


def test_the_frame_itself_is_left_as_it_is():
    image = np.zeros((48, 64, 3), np.uint8)
    image.flags.writeable = False
    drawn = draw(image, one_box(10, 10, 30, 30), "9 fps")
    assert drawn.flags.writeable
    assert drawn.any() and not image.any()


def test_the_label_of_a_box_is_written_above_it():
    drawn = draw(np.zeros((480, 640, 3), np.uint8), one_box(200, 100, 400, 300))
    above = drawn[85:99, 200:280]
    assert (above == class_color(0)).all(axis=2).mean() > 0.3


def test_the_status_line_is_written_in_the_corner():
    image = np.full((480, 640, 3), 128, np.uint8)
    nothing = Detections.empty(("person",))
    assert (draw(image, nothing) == image).all()
    assert (draw(image, nothing, "12 fps 8 ms")[:20, :100] != 128).any()


@pytest.mark.parametrize("box", [(-50, -50, 900, 900), (630, 470, 640, 480), (0, 0, 0, 0)])
def test_boxes_at_and_over_the_edge_are_drawn(box):
    assert draw(np.zeros((480, 640, 3), np.uint8), one_box(*box)).shape == (480, 640, 3)


def test_classes_have_colours_of_their_own():
    assert len({class_color(i) for i in range(80)}) == 80


def test_an_unknown_class_is_drawn_with_its_number():
    draw(np.zeros((48, 64, 3), np.uint8), one_box(5, 5, 20, 20, class_id=7))


def test_what_is_no_frame_is_refused():
    with pytest.raises(ImageError):
        draw(np.zeros((48, 64), np.uint8), Detections.empty(("a",)))
