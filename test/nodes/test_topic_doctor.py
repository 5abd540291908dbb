"""`edge_compress doctor TOPIC` beside cameras that run in other processes."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

COMMAND = [sys.executable, "-m", "edge_compress.cli.main", "doctor", "--json", "--seconds", "4"]

# A camera with one fault each; what it does wrong is in its arguments.
CAMERA = """
import sys, time
import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
topic, encoding, ahead_s = sys.argv[1], sys.argv[2], float(sys.argv[3])
rclpy.init()
node = rclpy.create_node("camera")
qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
publisher = node.create_publisher(Image, topic, qos)
print("ready", flush=True)
while True:
    stamp = time.time() + ahead_s
    image = Image(height=8, width=8, step=24, encoding=encoding, data=bytes(192))
    image.header.frame_id = "cam"
    image.header.stamp.sec, image.header.stamp.nanosec = int(stamp), int(stamp % 1 * 1e9)
    publisher.publish(image)
    time.sleep(0.1)
"""


@pytest.fixture
def camera(probe):
    """Return a function that starts a camera; it is ended with the test."""
    running = []

    def start(topic, encoding="bgr8", ahead_s=0.0):
        arguments = [topic, encoding, str(ahead_s)]
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(CAMERA), *arguments], stdout=subprocess.PIPE
        )
        running.append(process)
        assert process.stdout.readline() == b"ready\n"

    yield start
    for process in running:
        process.kill()
        process.communicate()


def look(*arguments):
    """Return the exit code and the findings on ROS, those of one name together."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    findings = {}
    for finding in json.loads(done.stdout)["findings"]:
        findings.setdefault(finding["what"], []).append(finding)
    return done.returncode, findings


def test_a_good_camera_is_found_good(camera):
    camera("/good/image_raw")
    code, findings = look("/good/image_raw")
    assert code == 0
    assert [f["level"] for f in findings["QoS"]] == ["OK"]
    assert "/camera offers BEST_EFFORT" in findings["QoS"][0]["found"]
    assert "8x8 bgr8" in findings["frames"][0]["found"]
    assert [f["level"] for f in findings["loss"]] == ["OK"]
    assert [f["level"] for f in findings["stamps"]] == ["OK"]
    assert "network losses" in findings


@pytest.mark.slow
def test_a_camera_that_the_detector_would_not_hear_is_an_error(camera):
    camera("/quiet/image_raw")
    code, findings = look("/quiet/image_raw", "--input-qos", "reliable")
    assert code == 1
    (mismatch,) = findings["QoS"]
    assert mismatch["level"] == "ERROR"
    assert mismatch["remedy"] == "set input_qos:=sensor_data"
    (silent,) = findings["frames"]
    assert silent["level"] == "ERROR"


@pytest.mark.slow
def test_a_clock_that_is_ahead_and_an_encoding_that_is_not_known_are_seen(camera):
    camera("/wrong/image_raw", encoding="64FC9", ahead_s=30.0)
    code, findings = look("/wrong/image_raw")
    assert code == 1
    assert findings["stamps"][0]["level"] == "WARN"
    assert "in the future" in findings["stamps"][0]["found"]
    assert "64FC9" in findings["encoding"][0]["found"]


@pytest.mark.slow
def test_two_cameras_on_one_topic_are_seen(camera):
    camera("/both/image_raw")
    camera("/both/image_raw")
    # The second one may be found only by the announcement after the first, three seconds later.
    _, findings = look("/both/image_raw", "--seconds", "6")
    assert findings["publishers"][0]["level"] == "WARN"


@pytest.mark.slow
def test_a_topic_that_nobody_publishes_is_an_error_that_names_others(camera):
    camera("/there/image_raw")
    code, findings = look("/here/image_raw")
    assert code == 1
    assert "/there/image_raw (Image)" in findings["/here/image_raw"][0]["found"]
    code, findings = look()
    assert code == 0
    assert "/there/image_raw (Image)" in findings["image topics"][0]["found"]


@pytest.mark.slow
def test_a_topic_of_another_type_is_an_error(probe):
    from std_msgs.msg import String

    publisher = probe.node.create_publisher(String, "/text", 10)
    code, findings = look("/text")
    probe.node.destroy_publisher(publisher)
    assert code == 1
    assert "std_msgs/msg/String" in findings["type"][0]["found"]
    assert "frames" not in findings
