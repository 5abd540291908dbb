"""Looks at a camera's topic for `edge_compress doctor`."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Iterator
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible
from rclpy.utilities import get_rmw_implementation_identifier
from sensor_msgs.msg import CompressedImage, Image

from edge_compress.doctor.finding import Finding
from edge_compress.doctor.frames import Heard, judge
from edge_compress.nodes import distributions, qos
from edge_compress.nodes.frame_ear import Ear

_TYPES = {"sensor_msgs/msg/Image": Image, "sensor_msgs/msg/CompressedImage": CompressedImage}
_DISCOVERY_S = 4.0  # Fast DDS announces a node every three seconds
_PATIENCE_S = 8.0  # an announcement may be lost
_SETTLE_S = 0.5  # the first publisher that is found may not be the only one
_WAIT_S = 0.1  # Python sees Ctrl-C only between two waits
_DEPTH = 30  # the frames are counted, not worked on: none should be lost here


def look(topic: str, seconds: float, quality: str) -> list[Finding]:
    """Look at ROS itself, and at a topic.

    Args:
        topic: of images, raw or compressed; empty to say which there are.
        seconds: how long to listen.
        quality: the `input_qos` that the detector would have, ``sensor_data`` or ``reliable``.
    """
    context = Context()
    try:
        rclpy.init(args=[], context=context)
        node = Node(
            "edge_compress_doctor",
            context=context,
            enable_rosout=False,
            start_parameter_services=False,
            use_global_arguments=False,
        )
    except Exception as error:  # noqa: BLE001 - rcl raises what it likes, by middleware
        why = " ".join(str(error).split())
        remedy = "see `middleware` and `ROS_DOMAIN_ID`"
        return [Finding("ROS 2", "ERROR", f"no node can be made: {why}", remedy)]
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        return [_vision_msgs(), *_Doctor(node, executor).look(topic, seconds, quality)]
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown(context=context)


def _vision_msgs() -> Finding:
    if importlib.util.find_spec("vision_msgs") is not None:
        return Finding("ROS 2", "OK", f"{get_rmw_implementation_identifier()} works")
    name = os.environ.get("ROS_DISTRO", "DISTRO")
    found = "vision_msgs is not installed: the detector does not start"
    return Finding("ROS 2", "ERROR", found, f"sudo apt install ros-{name}-vision-msgs")


class _Doctor:
    """A node that listens."""

    def __init__(self, node: Node, executor: SingleThreadedExecutor) -> None:
        self._node = node
        self._executor = executor

    def look(self, topic: str, seconds: float, quality: str) -> Iterator[Finding]:
        if not topic:
            self._spin(_DISCOVERY_S)
            found = ", ".join(self._image_topics()) or "none"
            yield Finding("image topics", "OK", found, "name one, to have it looked at")
            return
        name = self._node.resolve_topic_name(topic)
        end = time.monotonic() + _PATIENCE_S
        while not self._node.count_publishers(name) and time.monotonic() < end:
            self._executor.spin_once(timeout_sec=0.1)
        self._spin(_SETTLE_S)
        asked = qos.input_profile(quality)
        heard = self._listen(name, seconds, asked)
        publishers = self._node.get_publishers_info_by_topic(name)
        if not publishers:
            others = ", ".join(self._image_topics())
            yield Finding(
                name,
                "ERROR",
                "nobody publishes it" + (f"; image topics here: {others}" if others else ""),
                "start the camera, or name its topic; if it runs: see `ROS_DOMAIN_ID` and "
                "`discovery`",
            )
            return
        yield from _publishers(publishers, asked)
        if heard is not None:
            yield from judge(heard, qos.TRANSPORT_REMEDY)

    def _image_topics(self) -> list[str]:
        found = self._node.get_topic_names_and_types()
        return [
            f"{name} ({kind.rpartition('/')[2]})"
            for name, kinds in found
            for kind in kinds
            if kind in _TYPES and self._node.count_publishers(name)
        ]

    def _spin(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=min(left, _WAIT_S))
        for _ in range(2 * _DEPTH):  # what came while this process was held up
            self._executor.spin_once(timeout_sec=0)

    def _listen(self, name: str, seconds: float, asked: QoSProfile) -> Heard | None:
        """Listen to a topic of images; None at once where there is none."""
        kinds = [
            publisher.topic_type for publisher in self._node.get_publishers_info_by_topic(name)
        ]
        message_type = _TYPES.get(kinds[0]) if kinds else None
        if message_type is None:
            return None
        profile = QoSProfile(depth=_DEPTH, reliability=asked.reliability)
        ear = Ear(compressed=message_type is CompressedImage)
        subscription = distributions.subscribe(
            self._node, message_type, name, ear.on_frame, profile, lambda _: None, ear.on_lost
        )
        self._spin(seconds)
        self._node.destroy_subscription(subscription)
        return ear.heard(seconds, sim_time=bool(self._node.count_publishers("/clock")))


def _publishers(publishers: list[Any], asked: QoSProfile) -> Iterator[Finding]:
    """Judge who publishes, what, and how."""
    names = [f"{p.node_namespace.rstrip('/')}/{p.node_name}" for p in publishers]
    kinds = sorted({publisher.topic_type for publisher in publishers})
    if len(kinds) > 1 or kinds[0] not in _TYPES:
        found = f"{', '.join(names)} publish {', '.join(kinds)}"
        remedy = f"name a topic of {' or '.join(_TYPES)}, with one type only"
        yield Finding("type", "ERROR", found, remedy)
    if len(publishers) > 1:
        found = f"{', '.join(names)} publish it: their frames are mixed"
        yield Finding("publishers", "WARN", found, "one camera a topic: remap, or use namespaces")
    for name, publisher in zip(names, publishers, strict=True):
        offered = publisher.qos_profile
        compatible, why = qos_check_compatible(offered, asked)
        how = f"{name} offers {offered.reliability.name}, {offered.durability.name}"
        if compatible == QoSCompatibility.ERROR:
            found = f"{how}; the detector would get nothing: {' '.join(why.split())}"
            yield Finding("QoS", "ERROR", found, "set input_qos:=sensor_data")
        else:
            yield Finding("QoS", "OK", how)
