"""demo.launch.xml for real: camera and detector started, seen working, and stopped by launch."""

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
from edge_compress import assets
from launch import LaunchDescription


@pytest.mark.launch_test
@launch_testing.markers.keep_alive
def generate_test_description():
    """Start the installed demo, with the uncompressed model."""
    arguments = {
        "bundle": str(yolox_bundle(Path(tempfile.mkdtemp()), "original")),
        "source": str(assets.fetch("vtest.avi")),
        "namespace": "robot1",
        "rate": "15.0",
    }
    file = [FindPackageShare("edge_compress"), "/launch/demo.launch.xml"]
    demo = IncludeLaunchDescription(
        AnyLaunchDescriptionSource(file), launch_arguments=arguments.items()
    )
    return LaunchDescription([demo, launch_testing.actions.ReadyToTest()])


class TestDemo(unittest.TestCase):
    """While both nodes run."""

    def test_detections_come_out_of_the_namespace(self):
        import rclpy
        from rclpy.executors import SingleThreadedExecutor
        from vision_msgs.msg import Detection2DArray

        context = rclpy.Context()  # the default one may be another test's
        rclpy.init(context=context)
        node = rclpy.create_node("onlooker", context=context)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        seen = []
        node.create_subscription(Detection2DArray, "/robot1/detections", seen.append, 10)
        end = time.monotonic() + 40
        while len(seen) < 10 and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.5)
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)
        assert len(seen) >= 10
        assert seen[0].header.frame_id == "camera_optical_frame"
        assert "person" in {d.results[0].hypothesis.class_id for d in seen[-1].detections}


@launch_testing.post_shutdown_test()
class TestShutdown(unittest.TestCase):
    """After launch has stopped them."""

    def test_both_ended_cleanly(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info)
