"""From a frame to the network's input."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_compress.bundle.schema import InputSpec
from edge_compress.vision.image import ImageError
from edge_compress.vision.letterbox import place
from edge_compress.vision.preprocess import preprocess


def reference(image, spec):
    """The same by the schema's words: resize, pad, order, then (pixel * scale - mean) / std."""
    region, _ = place(*image.shape[:2], spec)
    padded = np.full((spec.height, spec.width, 3), spec.pad_value, np.uint8)
    resized = cv2.resize(image, (region.width, region.height), interpolation=cv2.INTER_LINEAR)
    rows = slice(region.top, region.top + region.height)
    padded[rows, region.left : region.left + region.width] = resized
    ordered = padded if spec.color == "bgr" else padded[:, :, ::-1]
    scaled = (ordered.astype(np.float64) * spec.scale - spec.mean) / spec.std
    return scaled.transpose(2, 0, 1)[None].astype(np.float32)


specs = st.builds(
    InputSpec,
    height=st.integers(8, 64),
    width=st.integers(8, 64),
    color=st.sampled_from(["bgr", "rgb"]),
    scale=st.sampled_from([1.0, 1 / 255, 2.0]),
    mean=st.sampled_from([(0.0, 0.0, 0.0), (0.485, 0.456, 0.406), (0.0, 1.0, 0.0)]),
    std=st.sampled_from([(1.0, 1.0, 1.0), (0.229, 0.224, 0.225)]),
    fit=st.sampled_from(["letterbox", "stretch"]),
    anchor=st.sampled_from(["top_left", "center"]),
    pad_value=st.integers(0, 255),
)


@settings(deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), specs, st.integers(0, 2**32 - 1))
def test_it_does_what_the_input_spec_says(height, width, spec, seed):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    tensor, _ = preprocess(image, spec)
    assert tensor.shape == (1, 3, spec.height, spec.width)
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous
    expected = reference(image, spec)
    np.testing.assert_allclose(tensor, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_pixels_of_a_plain_input_are_exact():
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    spec = InputSpec(height=416, width=416, color="bgr", anchor="top_left")
    np.testing.assert_array_equal(preprocess(image, spec)[0], reference(image, spec))


def test_each_call_returns_its_own_tensor():
    spec = InputSpec(height=16, width=16)
    first, _ = preprocess(np.zeros((16, 16, 3), np.uint8), spec)
    preprocess(np.full((16, 16, 3), 9, np.uint8), spec)
    assert (first == 0).all()


def test_a_view_with_padded_rows_is_read_right():
    wide = np.random.default_rng(0).integers(0, 256, (20, 40, 3), np.uint8)
    view = wide[:, :30]
    spec = InputSpec(height=16, width=24)
    np.testing.assert_array_equal(preprocess(view, spec)[0], preprocess(view.copy(), spec)[0])


def test_a_frame_that_may_not_be_written_is_left_alone():
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    image.flags.writeable = False
    preprocess(image, InputSpec(height=16, width=16, color="rgb", scale=0.5))


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((4, 4, 3), np.float32), "uint8, got float32"),
        (np.zeros((4, 4), np.uint8), r"\[height, width, 3\]"),
        (np.zeros((4, 4, 1), np.uint8), r"\(4, 4, 1\)"),
        (np.zeros((4, 0, 3), np.uint8), "0x4 has no pixels"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_frame_is_refused(image, said):
    with pytest.raises(ImageError, match=said):
        preprocess(image, InputSpec(height=16, width=16))
