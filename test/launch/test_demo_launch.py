"""demo.launch.xml for real: camera and detector started, seen working, and stopped by launch."""

import os
import random
import time
import unittest
from pathlib import Path

import pytest

pytest.importorskip(
    "launch", reason="launch is not installed here: it comes with a ROS distribution"
)
pytest.importorskip("launch_testing", reason="launch_testing is not installed here")
pytest.importorskip("launch_ros", reason="launch_ros is not installed here")

import launch_testing
import launch_testing.actions
import launch_testing.asserts
import launch_testing.markers
from launch.launch_description_sources import AnyLaunchDescriptionSource

import launch

ROOT = Path(__file__).resolve().parents[2]
os.environ["ROS_DOMAIN_ID"] = str(random.randint(1, 101))
os.environ["FASTDDS_BUILTIN_TRANSPORTS"] = "LARGE_DATA"


@pytest.mark.launch_test
@launch_testing.markers.keep_alive
def generate_test_description():
    """Start the demo on the bundle and the video that the environment names."""
    arguments = {
        "bundle": os.environ["EDGE_COMPRESS_TEST_BUNDLE"],
        "source": os.environ["EDGE_COMPRESS_TEST_VIDEO"],
        "namespace": "robot1",
        "rate": "15.0",
    }
    include = launch.actions.IncludeLaunchDescription(
        AnyLaunchDescriptionSource(str(ROOT / "launch" / "demo.launch.xml")),
        launch_arguments=arguments.items(),
    )
    return launch.LaunchDescription([include, launch_testing.actions.ReadyToTest()])


class TestDemo(unittest.TestCase):
    """While both nodes run."""

    def test_detections_come_out_of_the_namespace(self):
        import rclpy
        from vision_msgs.msg import Detection2DArray

        rclpy.init()
        try:
            node = rclpy.create_node("onlooker")
            seen = []
            node.create_subscription(
                Detection2DArray, "/robot1/detections", lambda message: seen.append(message), 10
            )
            end = time.monotonic() + 40
            while len(seen) < 10 and time.monotonic() < end:
                rclpy.spin_once(node, timeout_sec=0.5)
            assert len(seen) >= 10
            assert seen[0].header.frame_id == "camera_optical_frame"
            node.destroy_node()
        finally:
            rclpy.shutdown()


@launch_testing.post_shutdown_test()
class TestShutdown(unittest.TestCase):
    """After launch has stopped them."""

    def test_both_ended_cleanly(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info)
