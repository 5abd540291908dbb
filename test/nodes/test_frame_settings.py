"""Region, classes, rate, deadline and tracks: what may change between two frames."""

import itertools

import numpy as np
import pytest
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from edge_compress.nodes.frame_settings import FrameSettings
from edge_compress.nodes.messages import nanoseconds, time_message
from edge_compress.nodes.parameters import ParameterError
from edge_compress.vision.detections import Detections
from edge_compress.vision.region import RegionError

DEFAULTS = {
    "roi": [],
    "classes": [],
    "confidence_threshold": 0.3,
    "nms_threshold": 0.5,
    "max_detections": 10,
    "deadline_ms": 0,
    "max_rate": 0,
    "tracking": False,
}


def settings(**changes):
    return FrameSettings.of({**DEFAULTS, **changes}.__getitem__)


@pytest.mark.parametrize(
    ("roi", "error", "why"),
    [
        ([1, 2, 3], ParameterError, "x, y, width, height"),
        ([0, 0, 0, 5], RegionError, "no pixels"),
        ([-1, 0, 5, 5], RegionError, "inside of the frame"),
    ],
)
def test_a_region_that_no_frame_can_have_is_refused(roi, error, why):
    with pytest.raises(error, match=why):
        settings(roi=roi)


def test_unknown_classes_are_refused_with_those_that_there_are():
    settings(classes=["car"]).check(("car", "person"))
    with pytest.raises(ParameterError, match=r"knows no cat, dog; it knows car, person"):
        settings(classes=["cat", "car", "dog"]).check(("car", "person"))


def test_only_the_chosen_classes_are_left():
    found = Detections(
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.float32([0.9, 0.8, 0.7]),
        np.array([1, 0, 1]),
        ("car", "person"),
    )
    assert settings().chosen(found) is found
    kept = settings(classes=["person"]).chosen(found)
    assert kept.names == ("person", "person")
    assert kept.scores.tolist() == pytest.approx([0.9, 0.7])
    assert kept.boxes[1].tolist() == [8, 9, 10, 11]


class Bench:
    def __init__(self, probe, node):
        self.probe = probe
        self.node = node
        self.results, self._results = probe.listen(Detection2DArray, f"{node.namespace}/detections")
        self._images = probe.publisher(Image, f"{node.namespace}/image_raw", 1)

    def set(self, name, value):
        return self.probe.set_parameter(self.node.name, name, value)

    def publish(self, message):
        message.header.stamp = self.probe.node.get_clock().now().to_msg()
        self._images.publish(message)

    def detect(self, message):
        """Publish until a result comes of a frame published from now on, and return it."""
        self.results.clear()
        stamps = set()

        def answered():
            self.publish(message)
            stamps.add(nanoseconds(message.header.stamp))
            self.probe.spin(0.1)
            return self.results and nanoseconds(self.results[-1].header.stamp) in stamps

        self.probe.until(answered, "a result")
        return self.results[-1]

    def frames(self, test, why):
        return self.probe.until_value(f"{self.node.status_name}: frames", test, why)


@pytest.fixture
def bench(probe, shared, make_bundle):
    if "bench" not in shared:
        node = shared["start"](
            "detector", bundle=make_bundle(), diagnostics_period_s=0.1, threads=1, tracking=True
        )
        shared["bench"] = Bench(probe, node)
    return shared["bench"]


def test_a_region_is_all_that_is_seen_and_boxes_stay_in_the_frame(bench, squares, make_image):
    pixels = np.zeros((240, 400, 3), np.uint8)
    pixels[60:188, 100:292] = squares()  # red at (88, 56) there
    message = make_image(pixels)
    try:
        assert bench.set("roi", [100, 60, 192, 128]).successful
        (found,) = bench.detect(message).detections
        centre = found.bbox.center.position
        assert (centre.x, centre.y) == pytest.approx((188, 116), abs=0.1)
        assert bench.set("roi", [0, 0, 96, 64]).successful
        assert len(bench.detect(message).detections) == 0
        assert bench.set("roi", [0, 0, 1000, 64]).successful

        def told():
            bench.publish(message)
            bench.probe.spin(0.1)
            status = bench.probe.statuses.get(f"{bench.node.status_name}: frames")
            return status and "does not fit" in status.message

        bench.probe.until(told, "the frame to be too small")
        assert not bench.set("roi", [1, 2, 3]).successful
    finally:
        assert bench.set("roi", [])


def test_classes_are_chosen_and_unknown_ones_refused(bench, squares, make_image):
    message = make_image(squares())
    try:
        assert bench.set("classes", ["blue", "green"]).successful
        assert len(bench.detect(message).detections) == 0
        refused = bench.set("classes", ["red", "yellow"])
        assert not refused.successful
        assert "knows no yellow; it knows blue, green, red" in refused.reason
    finally:
        assert bench.set("classes", []).successful
    assert len(bench.detect(message).detections) == 1


def test_a_track_keeps_its_id(bench, squares, make_image, monkeypatch):
    # A track ends after a second. By their stamps frames come fast, though the machine be held up.
    stamps = itertools.count(bench.probe.node.get_clock().now().nanoseconds, 20_000_000)

    def publish(message):
        message.header.stamp = time_message(next(stamps))
        bench._images.publish(message)

    monkeypatch.setattr(bench, "publish", publish)
    ids = set()
    for _ in range(5):
        (found,) = bench.detect(make_image(squares())).detections
        ids.add(found.id)
    ids.discard("")  # a track may need a second look
    assert len(ids) == 1
    try:
        assert bench.set("tracking", False).successful
        assert bench.detect(make_image(squares())).detections[0].id == ""
    finally:
        assert bench.set("tracking", True).successful


def test_frames_beyond_the_rate_are_counted(bench, squares, make_image):
    message = make_image(squares())
    before = bench.frames(lambda _: True, "frames")
    try:
        assert bench.set("max_rate", 2.0).successful
        published = 0

        def limited(values):
            nonlocal published
            published += 1
            bench.publish(message)
            return int(values["dropped_rate_limit"]) > 5

        after = bench.frames(limited, "frames over the rate")
    finally:
        assert bench.set("max_rate", 0).successful
    assert int(after["processed"]) - int(before["processed"]) < published


@pytest.mark.slow
def test_a_frame_that_is_too_old_is_dropped_and_counted(bench, squares, make_image):
    message = make_image(squares())
    message.header.stamp.sec = 100  # as old as can be
    try:
        assert bench.set("deadline_ms", 5000.0).successful
        bench.probe.spin(0.3)

        def told():
            bench._images.publish(message)
            bench.probe.spin(0.1)
            status = bench.probe.statuses.get(f"{bench.node.status_name}: frames")
            return status and "deadline_ms" in status.message

        bench.probe.until(told, "the deadline to be named")
        fresh = make_image(squares())
        assert len(bench.detect(fresh).detections) == 1
    finally:
        assert bench.set("deadline_ms", 0.0).successful
    values = bench.frames(lambda _: True, "frames")
    assert int(values["dropped_deadline"]) > 0
