"""A recipe run as a node."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String
from std_srvs.srv import Trigger

from edge_compress.bundle.reader import Bundle

MATERIAL = Path(__file__).parents[1] / "compress" / "material"
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """A recipe that quantizes the small detector of the compression tests."""
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'edge_compress[compress]'")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(MATERIAL), os.environ.get("PYTHONPATH", "")])
    )
    frames = tmp_path / "images"
    frames.mkdir()
    random = np.random.default_rng(0)
    for number in range(12):
        blocks = random.integers(0, 256, (5, 6, 3), np.uint8)
        image = cv2.resize(blocks, (96, 80), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(frames / f"{number:02d}.png"), image)
    path = tmp_path / "recipe.yaml"
    content = {
        "name": "tiny",
        "task": "detection",
        "model": {
            "source": "tiny_detector:tiny",
            "labels": ["cat", "dog"],
            "input": {"height": 64, "width": 64, "color": "bgr"},
            "head": {"kind": "yolox", "strides": [8]},
        },
        "data": {
            "frames": "images",
            "learn": {"count": 6},
            "held_out": {"start": 6, "count": 6},
        },
        "passes": [{"kind": "quantize", "frames": 4}],
    }
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def cancel(probe, node):
    return probe.call(Trigger, f"{node.name}/cancel", Trigger.Request())


def until_state(probe, node, state):
    name = f"{node.status_name}: run"
    return probe.until_value(name, lambda values: values["state"] == state, f"{state}\n{node.log}")


@pytest.mark.slow
def test_the_finished_bundle_is_announced_to_late_comers_too(start, probe, recipe, tmp_path):
    output = tmp_path / "tiny.bundle"
    node = start("compressor", recipe=recipe, output=output, diagnostics_period_s=0.2)
    values = until_state(probe, node, "finished")
    assert float(values["elapsed_s"]) > 0
    announced, _ = probe.listen(String, f"{node.name}/bundle", LATCHED)
    probe.until(lambda: announced, "the bundle")
    assert Path(announced[0].data) == output
    assert Bundle.open(output).manifest.name == "tiny"
    assert not cancel(probe, node).success
    assert node.stop() == 0


@pytest.mark.slow
def test_a_run_is_cancelled_and_goes_on_when_started_again(start, probe, recipe, tmp_path):
    output = tmp_path / "tiny.bundle"
    node = start("compressor", recipe=recipe, output=output, diagnostics_period_s=0.2)
    assert cancel(probe, node).success
    until_state(probe, node, "cancelled")
    assert not output.exists()
    assert node.stop() == 0
    assert "Traceback" not in node.log
    again = start("compressor", recipe=recipe, output=output, exit_when_done=True)
    assert again.wait() == 0
    assert Bundle.open(output).manifest.name == "tiny"


def test_a_recipe_that_is_not_there_is_one_error_and_code_2(start, tmp_path):
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'edge_compress[compress]'")
    missing = tmp_path / "missing.yaml"
    node = start("compressor", recipe=missing, output=tmp_path / "tiny.bundle")
    assert node.wait() == 2
    assert node.log.count("[ERROR]") == 1
    assert str(missing) in node.log
    assert "Traceback" not in node.log


def test_what_must_be_given_is_said(start):
    node = start("compressor")
    assert node.wait() == 2
    assert "recipe:=" in node.log
