"""A detector from a real bundle, through ONNX Runtime."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_compress.bundle.schema import InputSpec, YoloxHead
from edge_compress.inference.detector import Detector
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.session import ModelError, ProviderError
from edge_compress.vision.heads import ModelOutputError
from edge_compress.vision.image import ImageError
from edge_compress.vision.labels import load_labels
from edge_compress.vision.thresholds import Thresholds

RED, GREEN, BLACK = (0, 0, 255), (0, 255, 0), (0, 0, 0)


def frame(height, width, *patches):
    """Return a black frame with filled rectangles (x1, y1, x2, y2, colour)."""
    image = np.zeros((height, width, 3), np.uint8)
    for x1, y1, x2, y2, color in patches:
        image[y1:y2, x1:x2] = color
    return image


def test_boxes_come_in_source_pixels_at_the_known_place(make_bundle):
    detector = Detector.open(make_bundle(height=64, width=96), threads=1)
    found = detector.detect(frame(64, 96, (16, 8, 24, 16, RED), (80, 40, 88, 48, GREEN)))
    assert sorted(zip(found.names, found.boxes.tolist(), strict=True)) == [
        ("green", [76, 36, 92, 52]),
        ("red", [12, 4, 28, 20]),
    ]
    np.testing.assert_allclose(found.scores, 1.0, atol=1e-6)


@pytest.mark.parametrize("anchor", ["top_left", "center"])
@pytest.mark.parametrize("size", [(128, 192), (128, 96), (96, 384), (480, 480)])
def test_boxes_are_in_source_pixels_whatever_the_letterbox_does(make_bundle, size, anchor):
    height, width = size
    detector = Detector.open(make_bundle(height=64, width=96, anchor=anchor), threads=1)
    # A red patch large enough to fill whole cells; the union of its boxes must cover it closely.
    y1, y2, x1, x2 = height // 4, 3 * height // 4, width // 4, 3 * width // 4
    found = detector.detect(frame(height, width, (x1, y1, x2, y2, RED)))
    assert set(found.names) == {"red"}
    network_pixel = max(height / 64, width / 96)
    union = [*found.boxes[:, :2].min(0), *found.boxes[:, 2:].max(0)]
    # A box reaches 4 network pixels over its cell, and a cell may stick out by a part.
    np.testing.assert_allclose(union, [x1, y1, x2, y2], atol=8.5 * network_pixel)
    assert (found.boxes >= 0).all()
    assert (found.boxes <= [width, height, width, height]).all()


def test_a_classifier_names_the_whole_image(make_bundle):
    detector = Detector.open(make_bundle(task="classification"), threads=1)
    found = detector.detect(np.full((50, 200, 3), GREEN, np.uint8))
    assert found.names == ("green",)
    assert found.boxes.tolist() == [[0, 0, 200, 50]]


def test_nothing_seen_is_an_empty_result(make_bundle):
    found = Detector.open(make_bundle()).detect(frame(64, 96))
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)


def test_thresholds_change_between_two_frames(make_bundle):
    detector = Detector.open(make_bundle())
    dim = frame(64, 96, (16, 8, 24, 16, (0, 0, 230)))
    assert len(detector.detect(dim)) == 1
    detector.thresholds = replace(detector.thresholds, confidence=0.95)
    assert len(detector.detect(dim)) == 0


def test_a_preferred_provider_that_is_not_there_is_skipped_with_its_reason(make_bundle):
    detector = Detector.open(make_bundle(), providers=("tensorrt", "cuda", "cpu"))
    assert detector.provider == "cpu"
    assert [reason.split(":")[0] for reason in detector.fallbacks] == ["tensorrt", "cuda"]
    assert "no tensorrt provider" in detector.fallbacks[0]


def test_no_provider_at_all_is_one_error_with_every_reason(make_bundle):
    with pytest.raises(ProviderError, match=r"cuda: .*tensorrt: "):
        Detector.open(make_bundle(), providers=("cuda", "tensorrt"))


def test_a_provider_that_fails_while_running_is_left_for_the_next(make_bundle):
    # There is one provider here, so it stands for two; its session is taken away under it, as a
    # GPU that falls off the bus is.
    detector = Detector.open(make_bundle(), providers=("cpu", "cpu"))
    detector._session.close()
    assert len(detector.detect(frame(64, 96, (16, 8, 24, 16, RED)))) == 1
    assert len(detector.fallbacks) == 1
    assert detector.fallbacks[0].startswith("cpu: the session is closed")


def test_the_last_provider_is_kept_though_it_fails(make_bundle):
    detector = Detector.open(make_bundle(), providers=("cpu",))
    wrong = np.zeros((1, 3, 8, 8), np.float32)
    for _ in range(2):
        with pytest.raises(ProviderError, match=r"\(cpu\) failed"):
            detector.infer(wrong)
    assert detector.fallbacks == ()
    assert len(detector.detect(frame(64, 96, (16, 8, 24, 16, RED)))) == 1


def test_when_no_provider_comes_up_any_more_every_reason_is_given(make_bundle):
    detector = Detector.open(make_bundle(), providers=("cpu", "cuda"))
    detector._session.close()
    with pytest.raises(ProviderError, match=r"cpu: the session is closed; cuda: .*no cuda"):
        detector.detect(frame(64, 96))


def test_nan_from_the_model_is_an_error_and_the_next_frame_is_fine(make_bundle):
    detector = Detector.open(make_bundle())
    with pytest.raises(ModelOutputError, match="NaN"):
        detector.detect(frame(64, 96, (0, 0, 8, 8, (255, 255, 255))))
    assert len(detector.detect(frame(64, 96, (16, 8, 24, 16, RED)))) == 1


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((0, 10, 3), np.uint8), "no pixels"),
        (np.zeros((10, 10), np.uint8), r"\(10, 10\)"),
        (np.zeros((10, 10, 4), np.uint8), r"\(10, 10, 4\)"),
        (np.zeros((10, 10, 3), np.float32), "float32"),
    ],
)
def test_what_is_no_frame_is_refused(make_bundle, image, said):
    with pytest.raises(ImageError, match=said):
        Detector.open(make_bundle()).detect(image)


def test_resolution_may_change_from_frame_to_frame(make_bundle):
    detector = Detector.open(make_bundle())
    for scale in (1, 3, 2):
        patch = (16 * scale, 8 * scale, 24 * scale, 16 * scale, RED)
        found = detector.detect(frame(64 * scale, 96 * scale, patch))
        best = found.boxes[0] / scale
        np.testing.assert_allclose(best, [12, 4, 28, 20], atol=0.01)


def test_an_input_of_another_size_than_the_bundle_says_is_refused(make_detector_onnx):
    session = OrtSession(make_detector_onnx(64, 96))
    with pytest.raises(ModelError, match=r"\[1, 3, 64, 96\].*\[1, 3, 96, 64\]"):
        Detector(session, InputSpec(height=96, width=64), YoloxHead(strides=(8,)), ("a",))


def test_a_closed_detector_says_so(make_bundle):
    detector = Detector.open(make_bundle())
    detector.close()
    with pytest.raises(ProviderError, match="closed"):
        detector.detect(frame(64, 96))


def test_yolox_nano_sees_the_persons_of_the_square(yolox_onnx: Path, vtest_video: Path):
    session = OrtSession(yolox_onnx, threads=1)
    spec = InputSpec(height=416, width=416, color="bgr", anchor="top_left")
    detector = Detector(session, spec, YoloxHead(), load_labels("coco"), Thresholds(0.5))
    capture = cv2.VideoCapture(str(vtest_video))
    capture.set(cv2.CAP_PROP_POS_FRAMES, 99)
    ok, image = capture.read()
    assert ok
    found = detector.detect(image)
    persons = [d for d in found if d.name == "person"]
    assert len(persons) >= 4
    # The one who walks in the middle, in the pixels of the 768 x 576 frame.
    np.testing.assert_allclose(persons[0].box, [342.6, 197.3, 369.9, 273.3], atol=3)
    assert all(0 <= d.score <= 1 for d in found)
    assert list(found.scores) == sorted(found.scores, reverse=True)
