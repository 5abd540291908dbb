"""What counts as the same when two providers look at one frame."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_compress.bundle.schema import ClassifierHead, InputSpec, SampleObject, YoloxHead
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.parity_sample import SampleError, check_seen, read_sample, see
from edge_compress.vision.image import ImageError

BOXES = [(10.0 + 60 * i, 20.0, 50.0 + 60 * i, 100.0) for i in range(10)]


def objects(count=10, *, move=0.0, score=0.8, class_id=1):
    return [
        SampleObject(box=(x1 + move, y1, x2 + move, y2), score=score, class_id=class_id)
        for x1, y1, x2, y2 in BOXES[:count]
    ]


def check(wanted, found):
    check_seen(wanted, found, YoloxHead())


@pytest.mark.parametrize(
    "found",
    [
        objects(),
        objects(move=2.0, score=0.7),  # half precision and INT8 kernels
        objects(8),  # a crowd, and NMS chose otherwise
        [*objects(), *objects(2, move=25.0)],
        [*objects(), *objects(10, move=25.0, score=0.39)],  # too faint to count
    ],
)
def test_what_rounding_does_is_the_same(found):
    check(objects(), found)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "10 of 10 objects of the bundle's sample are not seen here"),
        (objects(7), "3 of 10 objects"),
        (objects(move=25.0), "10 of 10 objects"),
        (objects(class_id=0), "10 of 10 objects"),
        (objects(score=0.55), "10 of 10 objects"),
        ([*objects(), *objects(5, move=25.0)], "5 of the 15 that are seen are not there"),
        (objects(move=6.0), r"they overlap by 0\.76 on average"),
    ],
)
def test_what_a_broken_engine_does_is_not(found, said):
    with pytest.raises(SampleError, match=said):
        check(objects(), found)


def test_a_sample_without_objects_asks_for_none():
    check([], [])
    check([], objects(3, score=0.3))
    with pytest.raises(SampleError, match="3 of the 3 that are seen are not there"):
        check([], objects(3))


def test_a_pixel_is_rounding_however_small_the_object():
    small = [SampleObject(box=(20.0, 20.0, 26.0, 28.0), score=0.8, class_id=1)]
    near = [SampleObject(box=(21.0, 20.0, 27.0, 28.0), score=0.8, class_id=1)]
    far = [SampleObject(box=(28.0, 20.0, 34.0, 28.0), score=0.8, class_id=1)]
    check(small, near)
    with pytest.raises(SampleError):
        check(small, far)


def test_a_single_object_must_be_there():
    check(objects(1, score=0.41), objects(1, score=0.38))
    with pytest.raises(SampleError, match="1 of 1 objects"):
        check(objects(1), [])


def classes(*scores):
    whole = (0.0, 0.0, 32.0, 32.0)
    return [SampleObject(box=whole, score=s, class_id=i) for i, s in scores]


def test_classes_are_held_to_their_probabilities():
    head = ClassifierHead()
    wanted = classes((3, 0.7), (1, 0.2), (0, 0.04), (2, 0.03), (4, 0.02))
    check_seen(wanted, classes((3, 0.6), (1, 0.3), (2, 0.05), (5, 0.03), (6, 0.01)), head)
    # Two that are close may change places.
    check_seen(classes((0, 0.45), (1, 0.4)), classes((1, 0.46), (0, 0.4)), head)
    with pytest.raises(SampleError, match=r"class 3 .* probability of 0\.20 here and of 0\.70"):
        check_seen(wanted, classes((0, 0.2), (1, 0.2), (2, 0.2), (3, 0.2), (4, 0.2)), head)
    with pytest.raises(SampleError, match=r"class 7 .* of 0\.90 here and of 0\.02"):
        check_seen(wanted, classes((7, 0.9), (3, 0.65), (1, 0.2)), head)


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "sample.png").write_bytes(b"no picture")
    with pytest.raises(ImageError, match=r"sample\.png: is no picture"):
        read_sample(tmp_path / "sample.png")


@pytest.fixture
def square(vtest_video: Path):
    """Two frames of the square, far apart, as small as the network shows them."""
    capture = cv2.VideoCapture(str(vtest_video))
    frames = []
    for number in (99, 600):
        capture.set(cv2.CAP_PROP_POS_FRAMES, number)
        ok, image = capture.read()
        assert ok
        frames.append(cv2.resize(image, (416, 312)))
    return frames


def test_yolox_nano_passes_its_own_sample_and_no_other(yolox_onnx: Path, square):
    session = OrtSession(yolox_onnx, threads=1)
    spec = InputSpec(height=416, width=416, color="bgr", anchor="top_left")
    wanted = see(session, spec, YoloxHead(), square[0])
    assert sum(seen.score >= 0.4 for seen in wanted) >= 4
    check(wanted, see(session, spec, YoloxHead(), square[0]))
    # Noise as of INT8 kernels is let through; another layout of the input is not.
    noisy = np.clip(square[0] + np.random.default_rng(0).normal(0, 2, square[0].shape), 0, 255)
    check(wanted, see(session, spec, YoloxHead(), noisy.astype(np.uint8)))
    for broken in (square[1], square[0][::-1], square[0][:, ::-1], np.roll(square[0], 8, axis=1)):
        with pytest.raises(SampleError):
            check(wanted, see(session, spec, YoloxHead(), np.ascontiguousarray(broken)))
