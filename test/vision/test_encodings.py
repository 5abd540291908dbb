"""Every camera encoding, pixel for pixel against OpenCV."""

from __future__ import annotations

import array

import cv2
import numpy as np
import pytest

from edge_compress.vision.encodings import ENCODINGS, EncodingError, to_bgr

HEIGHT, WIDTH = 6, 8
RNG = np.random.default_rng(3)


def noise(*shape, dtype=np.uint8):
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


# Encoding, an image in it, and what OpenCV makes of that.
SAMPLES = {
    "bgr8": (noise(HEIGHT, WIDTH, 3), None),
    "rgb8": (noise(HEIGHT, WIDTH, 3), cv2.COLOR_RGB2BGR),
    "bgra8": (noise(HEIGHT, WIDTH, 4), cv2.COLOR_BGRA2BGR),
    "rgba8": (noise(HEIGHT, WIDTH, 4), cv2.COLOR_RGBA2BGR),
    "mono8": (noise(HEIGHT, WIDTH), cv2.COLOR_GRAY2BGR),
    "yuv422": (noise(HEIGHT, WIDTH, 2), cv2.COLOR_YUV2BGR_UYVY),
    "uyvy": (noise(HEIGHT, WIDTH, 2), cv2.COLOR_YUV2BGR_UYVY),
    "yuv422_yuy2": (noise(HEIGHT, WIDTH, 2), cv2.COLOR_YUV2BGR_YUY2),
    "yuyv": (noise(HEIGHT, WIDTH, 2), cv2.COLOR_YUV2BGR_YUY2),
    "nv12": (noise(HEIGHT * 3 // 2, WIDTH), cv2.COLOR_YUV2BGR_NV12),
    "nv21": (noise(HEIGHT * 3 // 2, WIDTH), cv2.COLOR_YUV2BGR_NV21),
    "bayer_rggb8": (noise(HEIGHT, WIDTH), cv2.COLOR_BayerRGGB2BGR),
    "bayer_bggr8": (noise(HEIGHT, WIDTH), cv2.COLOR_BayerBGGR2BGR),
    "bayer_gbrg8": (noise(HEIGHT, WIDTH), cv2.COLOR_BayerGBRG2BGR),
    "bayer_grbg8": (noise(HEIGHT, WIDTH), cv2.COLOR_BayerGRBG2BGR),
}


def rows_of(image):
    return image.reshape(image.shape[0], -1)


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("encoding", SAMPLES)
def test_pixels_are_those_of_opencv(encoding, padding):
    image, code = SAMPLES[encoding]
    rows = np.pad(rows_of(image), ((0, 0), (0, padding)), constant_values=77)
    got = to_bgr(rows.tobytes(), height=HEIGHT, width=WIDTH, step=rows.shape[1], encoding=encoding)
    expected = image if code is None else cv2.cvtColor(image, code)
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == np.uint8


def test_every_encoding_is_tested():
    assert set(SAMPLES) | {"mono16"} == set(ENCODINGS)


@pytest.mark.parametrize("big_endian", [False, True])
def test_mono16_is_scaled_to_eight_bits(big_endian):
    values = np.array([[0, 128, 129, 257, 32768, 65278, 65535, 65407]])
    data = values.astype(">u2" if big_endian else "<u2").tobytes()
    got = to_bgr(data, height=1, width=8, step=16, encoding="mono16", big_endian=big_endian)
    expected = np.rint(values * 255 / 65535).astype(np.uint8)
    np.testing.assert_array_equal(got, np.repeat(expected[:, :, None], 3, axis=2))


def test_mono16_with_an_odd_step():
    data = np.arange(2 * 9, dtype=np.uint8).tobytes()
    got = to_bgr(data, height=2, width=4, step=9, encoding="mono16")
    assert got.shape == (2, 4, 3)
    assert got[1, 0, 0] == round((10 * 256 + 9) * 255 / 65535)


def test_the_colours_of_a_bayer_pattern_come_out_right():
    # A red surface lights only the red sites: the first of rggb.
    mosaic = np.zeros((8, 8), np.uint8)
    mosaic[0::2, 0::2] = 200
    got = to_bgr(mosaic.tobytes(), height=8, width=8, step=8, encoding="bayer_rggb8")
    assert got[4, 4].tolist() == [0, 0, 200]


def test_bgr8_is_a_view_of_the_message():
    data = array.array("B", noise(HEIGHT, WIDTH, 3).tobytes())
    got = to_bgr(memoryview(data), height=HEIGHT, width=WIDTH, step=WIDTH * 3, encoding="bgr8")
    assert np.shares_memory(got, np.frombuffer(data, np.uint8))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"height": 0}, "8x0 has no pixels"),
        ({"width": 0}, "0x6 has no pixels"),
        ({"step": 23}, "step 23 is too short: a row of 8 bgr8 pixels takes 24 bytes"),
        ({"step": 0}, "step 0 is too short"),
        ({"step": 25}, "needs 150 bytes, got 144"),
        ({"height": 7}, "needs 168 bytes, got 144"),
        ({"encoding": "bgr9"}, "'bgr9' is not known; known are bgr8"),
        ({"encoding": ""}, "'' is not known"),
        ({"encoding": "yuv422", "width": 7}, "7x6 is odd"),
        ({"encoding": "nv12", "height": 5}, "8x5 is odd"),
        ({"encoding": "nv12", "step": 24}, "needs 216 bytes, got 144"),
    ],
)
def test_what_does_not_fit_is_refused(change, said):
    arguments = {"height": HEIGHT, "width": WIDTH, "step": WIDTH * 3, "encoding": "bgr8"} | change
    with pytest.raises(EncodingError, match=said):
        to_bgr(bytes(HEIGHT * WIDTH * 3), **arguments)
