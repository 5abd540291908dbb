"""simulation.launch.xml for real: Gazebo without a window, the bridge, a detector and an evaluator.

Skipped where Gazebo is not installed. What Gazebo sees is held against what sim_camera draws.
"""

import os
import tempfile
import time
import unittest
from pathlib import Path

import pytest

pytest.importorskip("launch_testing", reason="needs launch, which comes with a ROS distribution")

import launch_testing
import launch_testing.actions
import launch_testing.asserts
import launch_testing.markers
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource
from launch_ros.substitutions import FindPackageShare

from benchmarks.runtime.bundles import yolox_bundle
from edge_compress.scoring.result import Evaluation
from edge_compress.simulation.camera import SimulatedCamera
from edge_compress.simulation.gazebo import GazeboError, check_gazebo
from edge_compress.simulation.resources import shipped_world
from edge_compress.simulation.sdf_world import read_world
from edge_compress.simulation.textures import inspection_textures
from launch import LaunchDescription

try:
    check_gazebo()
except GazeboError as error:
    pytest.skip(str(error), allow_module_level=True)

# Gazebo's own topics are shared by all its processes of this user and host, but for this.
os.environ["GZ_PARTITION"] = f"edge_compress_{os.getpid()}"

FOLDER = Path(tempfile.mkdtemp())
FRAMES = 40
# Pixels. Gazebo's boxes end at the last pixel's index and ours at its edge; physics goes in steps.
CLOSE = 5.0


@pytest.mark.launch_test
@launch_testing.markers.keep_alive
def generate_test_description():
    """Start the installed simulation with the uncompressed model, on the drone alone."""
    arguments = {
        "bundle": str(yolox_bundle(FOLDER, "original")),
        "ground_robot": "false",
        "report": str(FOLDER / "report"),
    }
    file = [FindPackageShare("edge_compress"), "/launch/simulation.launch.xml"]
    simulation = IncludeLaunchDescription(
        AnyLaunchDescriptionSource(file), launch_arguments=arguments.items()
    )
    return LaunchDescription([simulation, launch_testing.actions.ReadyToTest()])


class TestSimulation(unittest.TestCase):
    """While it flies."""

    def test_gazebo_gives_what_sim_camera_would(self):
        heard = listen()
        images = {stamp(message): message for message in heard["image_raw"]}
        truths = {stamp(message): message for message in heard["ground_truth"]}
        assert heard["camera_info"]
        assert heard["detections"]
        both = sorted(images.keys() & truths.keys())
        assert len(both) >= FRAMES // 2, (sorted(images), sorted(truths))
        image = images[both[0]]
        assert (image.width, image.height, image.encoding) == (640, 480, "rgb8")
        assert image.header.frame_id == "drone/camera_optical_frame"
        for time_ns in both[:: len(both) // 5]:
            expected, found = drawn(time_ns), boxes(truths[time_ns])
            for label, *box in expected:
                # A sliver at the picture's edge may be there in one and not in the other.
                if min(box[2] - box[0], box[3] - box[1]) < 3 * CLOSE:
                    continue
                near = [other for name, *other in found if name == label]
                assert any(
                    all(abs(a - b) <= CLOSE for a, b in zip(box, other, strict=True))
                    for other in near
                ), (time_ns, label, box, found)


@launch_testing.post_shutdown_test()
class TestShutdown(unittest.TestCase):
    """After launch has stopped it."""

    def test_the_evaluator_matched_stamps_and_classes(self):
        report = FOLDER / "report" / "drone" / "evaluation.json"
        evaluation = Evaluation.model_validate_json(report.read_text())
        assert evaluation.accuracy.recall > 0.5


def listen():
    """Return what comes on the drone's topics until there is enough."""
    import rclpy
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import CameraInfo, Image
    from vision_msgs.msg import Detection2DArray

    kinds = {"image_raw": Image, "camera_info": CameraInfo}
    kinds |= {"ground_truth": Detection2DArray, "detections": Detection2DArray}
    rclpy.init()
    node = rclpy.create_node("onlooker")
    heard = {name: [] for name in kinds}
    for name, kind in kinds.items():
        topic = f"/drone/{name}"
        node.create_subscription(kind, topic, heard[name].append, qos_profile_sensor_data)
    end = time.monotonic() + 120
    while min(map(len, heard.values())) < FRAMES and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.5)
    node.destroy_node()
    rclpy.shutdown()
    return heard


def stamp(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def boxes(truth):
    """Return label, left, top, right and bottom of each."""
    found = []
    for one in truth.detections:
        x, y = one.bbox.center.position.x, one.bbox.center.position.y
        w, h = one.bbox.size_x / 2, one.bbox.size_y / 2
        found.append((int(one.results[0].hypothesis.class_id), x - w, y - h, x + w, y + h))
    return found


def drawn(time_ns):
    """Return the same of what sim_camera's renderer sees at a time."""
    world = read_world(shipped_world(), (inspection_textures(),))
    frame = next(SimulatedCamera(world, "drone", rate=1e9 / time_ns).frames())
    return [(box.label, box.x1, box.y1, box.x2, box.y2) for box in frame.boxes]
