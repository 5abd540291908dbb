"""Where an image lies in the network's input, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_compress.bundle.schema import InputSpec
from edge_compress.vision.letterbox import place

sizes = st.integers(1, 2000)
specs = st.builds(
    InputSpec,
    height=st.integers(8, 640),
    width=st.integers(8, 640),
    fit=st.sampled_from(["letterbox", "stretch"]),
    anchor=st.sampled_from(["top_left", "center"]),
)


@given(sizes, sizes, specs, st.data())
def test_boxes_return_to_where_they_came_from(height, width, spec, data):
    _, geometry = place(height, width, spec)
    x = sorted(data.draw(st.tuples(st.floats(0, width), st.floats(0, width))))
    y = sorted(data.draw(st.tuples(st.floats(0, height), st.floats(0, height))))
    box = np.array([[x[0], y[0], x[1], y[1]]], np.float32)
    back = geometry.to_source(geometry.to_network(box))
    # A network pixel of a strongly shrunk image stands for many of the source.
    coarse = max(1.0, 1 / geometry.scale_x, 1 / geometry.scale_y)
    np.testing.assert_allclose(back, box, atol=1e-3 * coarse, rtol=1e-4)


@given(sizes, sizes, specs)
def test_the_edges_of_the_image_are_the_edges_of_its_place(height, width, spec):
    region, geometry = place(height, width, spec)
    whole = np.array([[0, 0, width, height]], np.float32)
    bottom, right = region.top + region.height, region.left + region.width
    expected = [[region.left, region.top, right, bottom]]
    np.testing.assert_allclose(geometry.to_network(whole), expected, atol=1e-3)


@given(sizes, sizes, specs)
def test_the_image_lies_inside_of_the_input_and_touches_its_sides(height, width, spec):
    region, _ = place(height, width, spec)
    assert 0 <= region.top <= region.top + region.height <= spec.height
    assert 0 <= region.left <= region.left + region.width <= spec.width
    if spec.fit == "stretch":
        assert (region.height, region.width) == (spec.height, spec.width)
    else:
        assert region.height == spec.height or region.width == spec.width


@given(sizes, sizes, specs)
def test_a_letterbox_keeps_the_aspect_ratio_to_half_a_pixel(height, width, spec):
    spec = spec.model_copy(update={"fit": "letterbox"})
    region, _ = place(height, width, spec)
    ratio = min(spec.height / height, spec.width / width)
    assert abs(region.height - max(1.0, height * ratio)) <= 0.501
    assert abs(region.width - max(1.0, width * ratio)) <= 0.501


@given(sizes, sizes, specs, st.lists(st.floats(-4000, 4000), min_size=4, max_size=4))
def test_boxes_never_leave_the_source_image(height, width, spec, box):
    _, geometry = place(height, width, spec)
    x1, y1, x2, y2 = geometry.to_source(np.array([box], np.float32))[0]
    assert 0 <= x1 <= width and 0 <= x2 <= width
    assert 0 <= y1 <= height and 0 <= y2 <= height


@pytest.mark.parametrize(("anchor", "top"), [("top_left", 0), ("center", 52)])
def test_the_anchor_says_where_the_padding_goes(anchor, top):
    region, geometry = place(480, 640, InputSpec(height=416, width=416, anchor=anchor))
    assert (region.top, region.left, region.height, region.width) == (top, 0, 312, 416)
    assert (geometry.scale_x, geometry.offset_y) == (0.65, top)
