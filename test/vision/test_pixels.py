"""What the network sees of a frame is what a conversion of all of it would give."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_compress.bundle.schema import InputSpec
from edge_compress.vision.encodings import ENCODINGS, EncodingError, to_bgr
from edge_compress.vision.pixels import read_compressed, read_pixels
from edge_compress.vision.preprocess import preprocess
from edge_compress.vision.region import Region, RegionError

BYTES = {"bgr8": 3, "rgb8": 3, "bgra8": 4, "rgba8": 4, "mono8": 1, "mono16": 2}
SHARED = ("yuv422", "uyvy", "yuv422_yuy2", "yuyv", "nv12", "nv21")
BAYER = tuple(e for e in ENCODINGS if e.startswith("bayer"))
SPEC = InputSpec(height=416, width=416, color="bgr", anchor="top_left")
# What rounding in another order comes to: luma and colour are rounded apart, and blue is twice U.
LEVELS = dict.fromkeys(BYTES, 0) | {"mono16": 1} | dict.fromkeys(SHARED, 3)


def make(encoding, height, width, low=0, high=255, seed=0):
    """The fields of a frame of noise, as `to_bgr` and `read_pixels` take them."""
    step = width * BYTES.get(encoding, 2 if encoding in SHARED[:4] else 1)
    rows = height * 3 // 2 if encoding.startswith("nv") else height
    noise = np.random.default_rng(seed).integers(low, high, (rows, step), np.uint8, endpoint=True)
    return {
        "data": noise.tobytes(),
        "height": height,
        "width": width,
        "step": step,
        "encoding": encoding,
    }


def expected(frame, spec, region=None):
    image = to_bgr(**frame)
    return preprocess(region.crop(image) if region else image, spec)


@pytest.mark.parametrize("encoding", LEVELS)
@pytest.mark.parametrize(
    ("height", "width"), [(1080, 1920), (480, 640), (416, 416), (200, 100)], ids=str
)
def test_the_network_sees_the_converted_frame(encoding, height, width):
    # Values that shared-colour encodings can name and RGB has.
    low, high = (108, 148) if encoding in SHARED else (0, 255)
    frame = make(encoding, height, width, low, high)
    tensor, geometry = read_pixels(**frame).network_input(SPEC)
    reference, way_back = expected(frame, SPEC)
    difference = np.abs(tensor - reference)
    assert difference.max() <= LEVELS[encoding]
    assert difference.mean() < 0.6
    assert geometry == way_back


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(tuple(LEVELS)), st.data())
def test_so_it_does_of_any_region(encoding, data):
    # Even, as some encodings must be; the region need not be.
    height, width = 2 * data.draw(st.integers(1, 60)), 2 * data.draw(st.integers(1, 60))
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    region = Region(
        x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y))
    )
    spec = InputSpec(
        height=data.draw(st.integers(4, 40)),
        width=data.draw(st.integers(4, 40)),
        fit=data.draw(st.sampled_from(["letterbox", "stretch"])),
    )
    low, high = (108, 148) if encoding in SHARED else (0, 255)
    frame = make(encoding, height, width, low, high, data.draw(st.integers(0, 99)))
    tensor, geometry = read_pixels(**frame).network_input(spec, region)
    reference, way_back = expected(frame, spec, region)
    assert np.abs(tensor - reference).max() <= LEVELS[encoding]
    assert geometry == way_back


@pytest.mark.parametrize("color", [(5, 128, 128), (5, 200, 60), (255, 0, 255), (90, 30, 220)])
@pytest.mark.parametrize("encoding", ["uyvy", "yuyv", "nv12", "nv21"])
def test_a_surface_has_opencvs_colour_even_out_of_range(encoding, color):
    y, u, v = color
    groups = {"uyvy": (u, y, v, y), "yuyv": (y, u, y, v)}
    if encoding in groups:
        data = bytes(groups[encoding]) * (200 * 50)
    else:
        data = bytes([y]) * 20_000 + bytes((u, v) if encoding == "nv12" else (v, u)) * 5_000
    step = 200 if encoding in groups else 100
    frame = {"data": data, "height": 200, "width": 100, "step": step, "encoding": encoding}
    spec = InputSpec(height=32, width=32)
    difference = read_pixels(**frame).network_input(spec)[0] - expected(frame, spec)[0]
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("encoding", SHARED)
def test_colours_out_of_range_are_cut_off_at_few_pixels(encoding, street):
    frame = encode(street, encoding)
    difference = np.abs(read_pixels(**frame).network_input(SPEC)[0] - expected(frame, SPEC)[0])
    assert np.percentile(difference, 99.9) <= 2
    assert difference.mean() < 0.5


@pytest.mark.parametrize("offset", [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("encoding", BAYER)
def test_a_bayer_surface_keeps_its_colour_wherever_the_region_begins(encoding, offset):
    blue, green, red = 40, 90, 200
    value = {"r": red, "g": green, "b": blue}
    tile = np.array([value[c] for c in encoding[6:10]], np.uint8).reshape(2, 2)
    mosaic = np.tile(tile, (100, 100))
    pixels = read_pixels(mosaic.tobytes(), 200, 200, 200, encoding)
    spec = InputSpec(height=32, width=32, color="bgr")
    tensor, _ = pixels.network_input(spec, Region(*offset, 150, 150))
    for plane, level in zip(tensor[0], (blue, green, red), strict=True):
        assert (plane == level).all()


@pytest.mark.parametrize("encoding", BAYER)
def test_a_bayer_picture_is_close_to_opencvs(encoding, street):
    frame = encode(street, encoding)
    difference = np.abs(read_pixels(**frame).network_input(SPEC)[0] - expected(frame, SPEC)[0])
    assert difference.mean() < 2
    # Where there is no room to read two sensor pixels as one, it is OpenCV's own.
    corner = Region(3, 5, 500, 300)
    got, _ = read_pixels(**frame).network_input(SPEC, corner)
    np.testing.assert_array_equal(got, expected(frame, SPEC, corner)[0])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_large_bgr_frame_is_built_for_the_network(encoding):
    frame = make(encoding, 1080, 1920)
    pixels = read_pixels(**frame)
    pixels.network_input(SPEC)  # tables that are made once
    out = np.empty((1, 3, 416, 416), np.float32)
    tracemalloc.start()
    pixels.network_input(SPEC, out=out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1080 * 1920


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_whole_frame_is_converted_when_it_is_asked_for(encoding):
    frame = make(encoding, 32, 64)
    pixels = read_pixels(**frame)
    np.testing.assert_array_equal(pixels.bgr(), to_bgr(**frame))
    assert pixels.bgr() is pixels.bgr()


def test_frames_can_be_written_into_a_batch():
    frames = [make("rgb8", 120, 160, seed=seed) for seed in range(3)]
    batch = np.full((3, 3, 416, 416), np.nan, np.float32)
    for number, frame in enumerate(frames):
        read_pixels(**frame).network_input(SPEC, out=batch[number : number + 1])
    for row, frame in zip(batch, frames, strict=True):
        np.testing.assert_array_equal(row, expected(frame, SPEC)[0][0])


@pytest.mark.parametrize("encoding", ["bgr8", "mono16"])
def test_big_endian_and_padded_rows(encoding):
    frame = make(encoding, 300, 400)
    rows = np.frombuffer(frame["data"], np.uint8).reshape(300, -1)
    frame["data"] = np.pad(rows, ((0, 0), (0, 7)), constant_values=255).tobytes()
    frame |= {"step": rows.shape[1] + 7, "big_endian": True}
    tensor, _ = read_pixels(**frame).network_input(SPEC)
    assert np.abs(tensor - expected(frame, SPEC)[0]).max() <= LEVELS[encoding]


def test_what_does_not_fit_is_refused_before_anything_is_converted():
    with pytest.raises(EncodingError, match="'bgr9' is not known"):
        read_pixels(bytes(300), 10, 10, 30, "bgr9")
    with pytest.raises(EncodingError, match="needs 300 bytes"):
        read_pixels(bytes(299), 10, 10, 30, "bgr8")


@pytest.mark.parametrize("kind", [".jpg", ".png"])
def test_a_compressed_frame_is_decoded_and_cut(kind, street):
    data = cv2.imencode(kind, street)[1].tobytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    pixels = read_compressed(data)
    region = Region(100, 50, 640, 480)
    np.testing.assert_array_equal(pixels.bgr(), image)
    np.testing.assert_array_equal(pixels.network_input(SPEC)[0], preprocess(image, SPEC)[0])
    cut = preprocess(image[50:530, 100:740], SPEC)[0]
    np.testing.assert_array_equal(pixels.network_input(SPEC, region)[0], cut)


@pytest.mark.parametrize("encoding", ["bgr8", "nv12", "bayer_rggb8"])
def test_a_region_that_does_not_fit_the_frame_is_refused(encoding):
    pixels = read_pixels(**make(encoding, 480, 640))
    with pytest.raises(RegionError, match=r"600x480 at \(100, 0\) .* frame of 640x480"):
        pixels.network_input(SPEC, Region(100, 0, 600, 480))


@pytest.fixture(scope="module")
def street():
    """A picture with edges, shades and colours at their limits, 1920 x 1080."""
    rng = np.random.default_rng(7)
    image = np.full((1080, 1920, 3), 128, np.uint8)
    for _ in range(150):
        x, y = rng.integers(0, (1920, 1080)).tolist()
        color = rng.integers(0, 256, 3).tolist()
        cv2.rectangle(image, (x, y), (x + 150, y + 90), color, cv2.FILLED)
    # A lens and a sensor leave no edge between two pixels.
    return cv2.GaussianBlur(image, (0, 0), 1.5)


def encode(bgr, encoding):
    """The fields of a frame that shows `bgr`."""
    height, width = bgr.shape[:2]
    if encoding.startswith("bayer"):
        channel = {"b": 0, "g": 1, "r": 2}
        rows = np.empty((height, width), np.uint8)
        for site, color in enumerate(encoding[6:10]):
            part = np.s_[site // 2 :: 2, site % 2 :: 2]
            rows[part] = bgr[..., channel[color]][part]
    elif encoding.startswith("nv"):
        planes = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
        half = (height // 2, width // 2)
        u, v = (part.reshape(half) for part in np.split(planes[height:], 2))
        pair = (u, v) if encoding == "nv12" else (v, u)
        rows = np.vstack([planes[:height], np.dstack(pair).reshape(height // 2, width)])
    else:
        code = cv2.COLOR_BGR2YUV_YUY2 if "yuy" in encoding else cv2.COLOR_BGR2YUV_UYVY
        rows = cv2.cvtColor(bgr, code).reshape(height, -1)
    return {
        "data": rows.tobytes(),
        "height": height,
        "width": width,
        "step": rows.shape[1],
        "encoding": encoding,
    }
