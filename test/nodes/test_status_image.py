"""The status_image node, and the layouts, beside a real detector."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

PLOTS = Path(__file__).resolve().parents[2] / "config" / "plotjuggler.xml"
# Not every machine tells these; docs/telemetry.md.
OF_THE_MACHINE = {"power_total_w", "energy_per_inference_mj", "temperature_max_c"}


@pytest.mark.slow
def test_levels_are_seen_in_the_picture(start, probe, video):
    from sensor_msgs.msg import Image

    node = start("status_image", namespaces="['shown']", period_s=0.2)
    pictures, _ = probe.listen(Image, f"{node.namespace}/status_image")
    probe.until(lambda: pictures, "a picture")
    before = pixels(pictures[-1])
    assert before.shape == (16 * 22 + 16, 900, 3)
    assert greenish(before) == 0  # nobody speaks
    start("camera", namespace="/shown", source=video, diagnostics_period_s=0.2)
    probe.until(lambda: greenish(pixels(pictures[-1])) > 50, "a node that is well")
    assert node.stop() == 0


def pixels(message):
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def greenish(picture):
    blue, green, red = (picture[..., channel].astype(int) for channel in range(3))
    return int(((green > red + 60) & (green > blue + 60)).sum())


@pytest.mark.slow
def test_every_curve_is_one_that_a_detector_tells(start, probe, make_bundle, video):
    detector = start("detector", namespace="/plotted", bundle=make_bundle(), threads=1)
    start("camera", namespace="/plotted", source=video, diagnostics_period_s=0.2)
    name = detector.status_name
    frames = f"{name}: frames"
    probe.until_value(frames, lambda values: float(values["processed"]) > 5, "results")
    probe.until_value(f"{name}: latency", lambda values: "latency_p99_ms" in values, "latencies")
    curves = re.findall(r'curve name="/diagnostics/detector/detector: (\w+)/(\w+)"', text())
    assert len(curves) > 10
    for task, key in curves:
        status = probe.statuses[f"{name}: {task}"]
        assert status.hardware_id == name  # the second part of a curve's name
        assert key in OF_THE_MACHINE | {pair.key for pair in status.values}


def text():
    return PLOTS.read_text()
