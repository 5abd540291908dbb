"""Levels by thresholds, set while frames flow; one process serves all tests of this module."""

from pathlib import Path

import pytest
from sensor_msgs.msg import Image

OK, WARN, ERROR, STALE = (bytes([level]) for level in range(4))
CONFIG = Path(__file__).resolve().parents[2] / "config" / "detector.yaml"


class Camera:
    """A camera that may be switched off, and the detector that looks through it."""

    def __init__(self, probe, node, message):
        self.on = True
        self.node = node
        self._probe = probe
        self._message = message
        self._images = probe.publisher(Image, f"{node.namespace}/image_raw", 1)
        probe.node.create_timer(0.05, self._publish)

    def _publish(self):
        if self.on:
            self._message.header.stamp = self._probe.node.get_clock().now().to_msg()
            self._images.publish(self._message)

    def set(self, name, value):
        result = self._probe.set_parameter(self.node.name, name, value)
        assert result.successful, result.reason

    def refused(self, name, value):
        result = self._probe.set_parameter(self.node.name, name, value)
        assert not result.successful
        return result.reason

    def until(self, task, level):
        """Wait until a status has a level, and return its message."""
        name = f"{self.node.status_name}: {task}"
        self._probe.until_level(name, level)
        return self._probe.statuses[name].message


@pytest.fixture
def camera(probe, shared, make_bundle, make_image, squares):
    if "camera" not in shared:
        node = shared["start"](
            "detector",
            bundle=make_bundle(),
            threads=1,
            providers="[cpu]",
            diagnostics_period_s=0.1,
            window_s=1.0,
            stale_s=1.0,
            hold_s=0.5,
        )
        shared["camera"] = Camera(probe, node, make_image(squares()))
    return shared["camera"]


def test_frames_without_input_are_stale_and_well_again_with_the_next(camera):
    camera.until("frames", OK)
    camera.on = False
    message = camera.until("frames", STALE)
    assert "no input for" in message and f"{camera.node.namespace}/image_raw" in message
    camera.until("latency", STALE)
    camera.on = True
    camera.until("frames", OK)
    camera.until("latency", OK)


def test_a_rate_below_its_threshold(camera):
    camera.set("rate_error_hz", 900.0)
    assert "per second (limit 900)" in camera.until("frames", ERROR)
    camera.set("rate_error_hz", 0)  # an integer for a float is no mistake
    assert "frames per second" in camera.until("frames", OK)


def test_a_latency_above_its_threshold(camera):
    camera.set("latency_warn_ms", 0.01)
    assert "(limit 0.01)" in camera.until("latency", WARN)
    camera.set("latency_warn_ms", 0.0)
    camera.until("latency", OK)


def test_thresholds_that_contradict_each_other_are_refused(camera):
    camera.set("latency_warn_ms", 5000.0)
    reason = camera.refused("latency_error_ms", 100.0)
    assert "the error would come before the warning" in reason
    assert "throttling" in camera.refused("throttling", "panic")
    assert "first deactivate" in camera.refused("cpu.spin", True)
    camera.set("latency_warn_ms", 0.0)


def test_options_that_do_not_go_together_are_said_on_configure(start, probe, make_bundle):
    settings = {"tensorrt.batch": "[4, 2, 1]"}
    node = start("detector", bundle=make_bundle(), diagnostics_period_s=0.1, **settings)
    probe.until_level(f"{node.status_name}: state", ERROR)
    message = probe.statuses[f"{node.status_name}: state"].message
    assert message.startswith("`tensorrt.batch`: ")
    assert "1 <= least <= usual <= largest" in message
    assert "Traceback" not in node.log


def test_the_shipped_parameter_file_is_taken(start, probe, make_bundle, tmp_path):
    changed = CONFIG.read_text()
    for before, after in (
        ('bundle: ""', f'bundle: "{make_bundle()}"'),
        ("diagnostics_period_s: 1.0", "diagnostics_period_s: 0.1"),
        ("cpu.arena: true", "cpu.arena: false"),
    ):
        assert before in changed
        changed = changed.replace(before, after)
    file = tmp_path / "mine.yaml"
    file.write_text(changed)
    node = start("detector", params_file=file)
    probe.until_value(
        f"{node.status_name}: state", lambda values: values["state"] == "active", "the start"
    )
