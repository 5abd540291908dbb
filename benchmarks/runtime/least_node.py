"""The least that a node in Python can do: take an image's bytes, infer, publish an empty result.

It reads nothing but the stamp, gives the network the same blank input each time, and finds nothing.
So what it takes beyond bare inference is the share of the middleware and of rclpy, which no node
goes below that takes its frames with rclpy.
"""

from __future__ import annotations

import struct
import sys

import numpy as np
import onnxruntime
from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from benchmarks.runtime.tutorial_node import SIDE, run
from edge_compress.nodes.memory import keep_memory


class LeastNode(Node):
    """Images in, nothing out."""

    def __init__(self) -> None:
        super().__init__("least")
        model = self.declare_parameter("model", "").value
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options)
        self._tensor = np.zeros((1, 3, SIDE, SIDE), np.float32)
        self._publisher = self.create_publisher(Detection2DArray, "detections", 10)
        self.create_subscription(
            Image, "image_raw", self._on_image, qos_profile_sensor_data, raw=True
        )

    def _on_image(self, serialized: bytes) -> None:
        self._session.run(None, {"images": self._tensor})
        # The stamp comes first, after four bytes that say how a message is written.
        sec, nanosec = struct.unpack_from("<iI", serialized, 4)
        header = Header(stamp=Time(sec=sec, nanosec=nanosec))
        self._publisher.publish(Detection2DArray(header=header))


if __name__ == "__main__":
    keep_memory()
    sys.exit(run(LeastNode))
