"""Compressed frames: whole ones are decoded, others refused."""

from __future__ import annotations

import array

import cv2
import numpy as np
import pytest

from edge_compress.vision.compressed import decode_jpeg
from edge_compress.vision.encodings import EncodingError

IMAGE = cv2.GaussianBlur(
    np.random.default_rng(5).integers(0, 256, (48, 64, 3), np.uint8), (9, 9), 3
)
JPEG = cv2.imencode(".jpg", IMAGE)[1].tobytes()
PROGRESSIVE = cv2.imencode(".jpg", IMAGE, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
PNG = cv2.imencode(".png", IMAGE)[1].tobytes()


@pytest.mark.parametrize("data", [JPEG, PROGRESSIVE, PNG], ids=["jpeg", "progressive", "png"])
def test_a_whole_image_is_decoded(data):
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decode_jpeg(memoryview(array.array("B", data))), expected)


@pytest.mark.parametrize("data", [JPEG, PROGRESSIVE, PNG], ids=["jpeg", "progressive", "png"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.5, 0.9, 0.995])
def test_an_image_that_is_cut_short_is_refused(data, part):
    with pytest.raises(EncodingError):
        decode_jpeg(data[: int(len(data) * part)])


def test_an_embedded_thumbnail_does_not_hide_a_cut():
    # An EXIF thumbnail is a whole JPEG, with its own end, before the scan of the image.
    segment = b"\xff\xe1" + (len(JPEG) + 8).to_bytes(2, "big") + b"Exif\0\0" + JPEG
    with_thumbnail = JPEG[:2] + segment + JPEG[2:]
    assert decode_jpeg(with_thumbnail).shape == IMAGE.shape
    with pytest.raises(EncodingError, match="cut short"):
        decode_jpeg(with_thumbnail[:-100])


@pytest.mark.parametrize("data", [JPEG, PNG], ids=["jpeg", "png"])
def test_bytes_after_the_end_are_forgiven(data):
    np.testing.assert_array_equal(decode_jpeg(data + bytes(64)), decode_jpeg(data))


@pytest.mark.parametrize("data", [b"", b"hello", bytes(1000), b"\xff\xd8\xff\xd9"])
def test_what_is_no_image_is_refused(data):
    with pytest.raises(EncodingError):
        decode_jpeg(data)


def test_a_film_after_the_end_is_forgiven():
    # Phones put a short film behind the picture; markers occur in it by chance.
    film = b"\0\0\0\x18ftypmp42" + b"\xff\xd9" + bytes(64) + b"\xff\xda" + bytes(64)
    np.testing.assert_array_equal(decode_jpeg(JPEG + film), decode_jpeg(JPEG))
