"""What an active detector does with frames; one process serves all tests of this module."""

import json
import math

import cv2
import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray, LabelInfo

from edge_compress.telemetry.frames import DROP_CAUSES

RED = (0, 0, 255)


class Bench:
    """A detector, its input and its output."""

    def __init__(self, probe, node):
        self.probe = probe
        self.node = node
        self.results, self._results = probe.listen(Detection2DArray, f"{node.namespace}/detections")
        self.published = 0
        self._images = probe.publisher(Image, f"{node.namespace}/image_raw", 1)
        probe.until(
            lambda: probe.node.count_publishers(f"{node.namespace}/detections"), "the detections"
        )
        self._sec = 100

    def publish(self, message):
        self.published += 1
        self._images.publish(message)

    def detect(self, message):
        """Publish a frame until its result comes (sensor data may be lost), and return that."""
        self._sec += 1
        message.header.stamp.sec = self._sec

        def answered():
            self.publish(message)
            self.probe.spin(0.15)
            return any(r.header.stamp.sec == self._sec for r in self.results)

        self.probe.until(answered, "a result")
        return next(r for r in self.results if r.header.stamp.sec == self._sec)

    def skip(self, message, why):
        """Publish a bad frame until diagnostics tell of it."""

        def told():
            self.publish(message)
            self.probe.spin(0.15)
            status = self.probe.statuses.get(f"{self.node.status_name}: frames")
            return status and any(v.key == "last_error" and why in v.value for v in status.values)

        self.probe.until(told, f"the error {why!r}")

    def frames(self):
        return self.probe.status(f"{self.node.status_name}: frames")[2]


@pytest.fixture
def bench(probe, shared, make_bundle):
    if "bench" not in shared:
        node = shared["start"](
            "detector", bundle=make_bundle(), diagnostics_period_s=0.2, threads=1
        )
        shared["bench"] = Bench(probe, node)
    return shared["bench"]


def test_boxes_are_in_source_pixels_and_named(bench, squares, make_image):
    result = bench.detect(make_image(squares(scale=2)))
    (found,) = result.detections
    assert (found.bbox.center.position.x, found.bbox.center.position.y) == pytest.approx((88, 56))
    assert (found.bbox.size_x, found.bbox.size_y) == pytest.approx((32, 32), abs=0.01)
    assert found.results[0].hypothesis.class_id == "red"
    assert found.results[0].hypothesis.score == pytest.approx(1, abs=0.01)
    assert found.id == ""


def test_stamp_and_frame_id_are_the_inputs_to_the_nanosecond(bench, squares, make_image):
    message = make_image(squares(), nanosec=123_456_789, frame_id="left/camera_optical_frame")
    result = bench.detect(message)
    assert result.header == message.header
    assert [found.header for found in result.detections] == [message.header]


def test_nothing_seen_is_published_as_an_empty_array(bench, make_image):
    result = bench.detect(make_image(np.zeros((64, 96, 3), np.uint8), frame_id="dark"))
    assert result.header.frame_id == "dark"
    assert len(result.detections) == 0


def test_the_resolution_may_change_from_frame_to_frame(bench, squares, make_image):
    for scale in (1, 5, 2):
        (found,) = bench.detect(make_image(squares(scale))).detections
        centre = found.bbox.center.position
        assert (centre.x, centre.y) == pytest.approx((44 * scale, 28 * scale), abs=0.1)


@pytest.mark.parametrize("encoding", ["rgb8", "bgra8", "mono8"])
def test_other_encodings_are_read(bench, squares, make_image, encoding):
    pixels = squares(color=(255, 255, 255) if encoding == "mono8" else RED)
    code = {"rgb8": cv2.COLOR_BGR2RGB, "bgra8": cv2.COLOR_BGR2BGRA, "mono8": cv2.COLOR_BGR2GRAY}
    result = bench.detect(make_image(cv2.cvtColor(pixels, code[encoding]), encoding=encoding))
    assert len(result.detections) >= 1


def _empty(make_image, squares):
    message = make_image(squares())
    message.width = message.height = message.step = 0
    message.data = []
    return message


def _wrong_step(make_image, squares):
    message = make_image(squares())
    message.step = 7
    return message


def _unknown_encoding(make_image, squares):
    message = make_image(squares())
    message.encoding = "rgb7"
    return message


def _short_data(make_image, squares):
    message = make_image(squares())
    message.data = message.data[:100]
    return message


def _poison(make_image, squares):
    pixels = squares()
    pixels[:16, :16] = 255  # the small detector's outputs are then NaN
    return make_image(pixels)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (_empty, "0"),
        (_wrong_step, "step"),
        (_unknown_encoding, "rgb7"),
        (_short_data, "bytes"),
        (_poison, "finite"),
    ],
)
def test_a_bad_frame_is_counted_named_and_skipped(bench, squares, make_image, bad, why):
    before = int(bench.frames()["dropped_unreadable"])
    bench.skip(bad(make_image, squares), why)
    assert int(bench.frames()["dropped_unreadable"]) > before
    assert len(bench.detect(make_image(squares())).detections) == 1
    assert "Traceback" not in bench.node.log


def test_published_is_processed_plus_dropped(bench, probe, squares, make_image):
    def accounted(values):
        dropped = sum(int(values[f"dropped_{cause}"]) for cause in DROP_CAUSES)
        return int(values["processed"]) + dropped

    bench.detect(make_image(squares()))
    told = []
    while len(told) < 4 or len(set(map(accounted, told[-4:]))) > 1:  # until nothing is on its way
        told.append(bench.frames())
    before, published = told[-1], bench.published
    message = make_image(squares(scale=10))
    for _ in range(60):
        bench.publish(message)
    # What was lost shows by the number of the next that comes, and the first one may have none.
    for _ in range(2):
        bench.detect(make_image(squares()))
    after = probe.until_value(
        f"{bench.node.status_name}: frames",
        lambda values: accounted(values) - accounted(before) == bench.published - published,
        "every frame to be accounted for",
    )
    assert int(after["dropped_overwritten"]) > int(before["dropped_overwritten"])


def test_the_overlay_is_drawn_only_while_somebody_looks(bench, probe, squares, make_image):
    name = f"{bench.node.namespace}/overlay"
    before = int(bench.frames()["overlays"])
    bench.detect(make_image(squares()))
    assert int(bench.frames()["overlays"]) == before
    seen, subscription = probe.listen(Image, name, 1)
    probe.until(lambda: probe.node.count_subscribers(name), "the subscription")
    source = squares(scale=5)

    def shown():
        bench.detect(make_image(source, frame_id="shown"))
        return [message for message in seen if message.header.frame_id == "shown"]

    probe.until(shown, "an overlay")
    drawn = shown()[-1]
    pixels = np.frombuffer(drawn.data, np.uint8).reshape(drawn.height, drawn.width, 3)
    assert (drawn.encoding, pixels.shape) == ("bgr8", source.shape)
    assert (pixels != source).any()
    probe.node.destroy_subscription(subscription)
    count = -1
    while count != int(bench.frames()["overlays"]):  # until the node has seen that nobody looks
        count = int(bench.frames()["overlays"])
        bench.detect(make_image(squares()))


def test_the_labels_are_latched(bench, probe):
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    seen, _ = probe.listen(LabelInfo, f"{bench.node.namespace}/label_info", latched)
    probe.until(lambda: seen, "the labels")
    assert [(c.class_id, c.class_name) for c in seen[-1].class_map] == [
        (0, "blue"),
        (1, "green"),
        (2, "red"),
    ]
    assert seen[-1].threshold == pytest.approx(0.3)


def test_thresholds_change_while_it_runs(bench, probe, squares, make_image):
    dim = make_image(squares(color=(0, 0, 200)))  # score about .57 * .78
    assert len(bench.detect(dim).detections) == 1
    try:
        assert probe.set_parameter(bench.node.name, "confidence_threshold", 0.9).successful
        assert len(bench.detect(dim).detections) == 0
    finally:
        # An integer for a float is no mistake, and neither is setting it twice.
        assert probe.set_parameter(bench.node.name, "confidence_threshold", 0).successful
        assert probe.set_parameter(bench.node.name, "confidence_threshold", 0.3).successful
    assert len(bench.detect(dim).detections) == 1


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("confidence_threshold", 1.5, "range"),
        ("confidence_threshold", math.nan, "confidence_threshold"),
        ("confidence_threshold", "high", "must be a number"),
        ("confidence_threshold", 7, "from 0 to 1"),
        ("nms_threshold", -0.1, "range"),
        ("max_detections", 0, "range"),
        ("threads", 2, "first deactivate"),
        ("image_transport", "carrier pigeon", "raw, compressed"),
        ("autostart", False, "read-only"),
    ],
)
def test_a_bad_value_is_refused_with_the_reason(bench, probe, name, value, reason):
    result = probe.set_parameter(bench.node.name, name, value)
    assert not result.successful
    assert reason in result.reason


def test_diagnostics_are_bare_numbers_with_the_unit_in_the_key(bench, probe, squares, make_image):
    bench.detect(make_image(squares()))
    texts = {"state", "provider", "bundle", "variant", "precision", "last_error", "power_mode"}
    everything = {}
    probe.until_value(
        f"{bench.node.status_name}: load", lambda values: "cpu_percent" in values, "a reading"
    )
    for task in ("state", "model", "frames", "latency", "load", "heat"):
        _, message, values = probe.status(f"{bench.node.status_name}: {task}")
        assert message
        everything |= values
    for key, value in everything.items():
        if key not in texts:
            assert math.isfinite(json.loads(value)), key
    steps = ("age", "convert", "preprocess", "infer", "postprocess", "publish", "stamp_to_publish")
    for step in steps:
        assert {f"{step}_p50_ms", f"{step}_p90_ms", f"{step}_p99_ms"} <= set(everything), step
    assert {"latency_p99_ms", "cpu_percent", "input_rate_hz", "processed_rate_hz"} <= set(
        everything
    )
    # What this machine cannot read is absent, never 0.
    assert everything.get("power_total_w") != "0.000"


def test_sigint_ends_it_cleanly(bench):
    assert bench.node.stop() == 0
    assert "Traceback" not in bench.node.log
