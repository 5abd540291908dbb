"""The demo's second half, with a small bundle and a short video."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from rich.console import Console

from edge_compress.demo.flight import fly
from edge_compress.demo.pictures import draw_pictures
from edge_compress.testing.processes import NodeError

FRAMES = 30


@pytest.mark.slow
def test_every_frame_is_accounted_for(make_bundle, video, tmp_path):
    flight = fly(make_bundle(), video, tmp_path, Console(quiet=True))
    assert flight.frames_published == FRAMES
    assert flight.frames_processed + flight.frames_dropped == FRAMES
    assert flight.frames_received >= flight.frames_processed > 0
    assert flight.detections >= flight.frames_processed, "the square is in every frame"
    assert 0 < flight.inference_ms.p50 <= flight.stamp_to_publish_ms.p50
    assert flight.stamp_to_publish_ms.p50 <= flight.stamp_to_publish_ms.p99
    assert flight.power_w is None or flight.power_w > 0


def test_a_damaged_bundle_is_told_at_once(make_bundle, video, tmp_path):
    bundle = make_bundle()
    manifest = bundle / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"red", b"rex"))
    with pytest.raises(NodeError, match=r"the detector cannot start: .*manifest\.json"):
        fly(bundle, video, tmp_path, Console(quiet=True))


def test_the_picture_shows_boxes_on_frames_that_nothing_was_learnt_from(
    make_bundle, video, tmp_path
):
    picture, clip = draw_pictures(make_bundle(), video, 20, tmp_path)
    assert cv2.imread(str(picture)).shape == (64, 96, 3)
    capture = cv2.VideoCapture(str(clip))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES - 20
    ok, frame = capture.read()
    assert ok
    drawn = np.abs(frame.astype(int) - cv2.VideoCapture(str(video)).read()[1]).sum()
    assert drawn > 1000
