"""A detector node of the kind that tutorials show: all of it in the callback of the image.

It is no straw man: the session is opened once, on one thread, warm; decoding is vectorized, NMS is
OpenCV's, and the subscription is best effort, as sensor data should be.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import onnxruntime
import rclpy
from numpy.typing import NDArray
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from edge_compress.vision.labels import load_labels

SIDE = 416
CONFIDENCE, NMS_IOU = 0.3, 0.45


class TutorialNode(Node):
    """Images in, boxes out."""

    def __init__(self) -> None:
        super().__init__("tutorial")
        model: Any = self.declare_parameter("model", "").value
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options)
        self._labels = load_labels("coco")
        self._grid, self._strides = _cells()
        self._publisher = self.create_publisher(Detection2DArray, "detections", 10)
        self.create_subscription(Image, "image_raw", self._on_image, qos_profile_sensor_data)

    def _on_image(self, message: Image) -> None:
        image = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
        scale = min(SIDE / message.height, SIDE / message.width)
        resized = cv2.resize(image, (int(message.width * scale), int(message.height * scale)))
        padded = np.full((SIDE, SIDE, 3), 114, np.uint8)
        padded[: resized.shape[0], : resized.shape[1]] = resized
        tensor = padded.transpose(2, 0, 1)[None].astype(np.float32)
        (output,) = self._session.run(None, {"images": tensor})
        self._publisher.publish(self._message(message, output[0], scale))

    def _message(self, image: Image, output: NDArray[Any], scale: float) -> Detection2DArray:
        centres = (output[:, :2] + self._grid) * self._strides / scale
        sizes = np.exp(output[:, 2:4]) * self._strides / scale
        scores = output[:, 4:5] * output[:, 5:]
        classes = scores.argmax(1)
        best = scores.max(1)
        boxes = np.concatenate([centres - sizes / 2, sizes], 1)
        result = Detection2DArray(header=image.header)
        for index in cv2.dnn.NMSBoxes(boxes.tolist(), best.tolist(), CONFIDENCE, NMS_IOU):
            found = Detection2D(header=image.header)
            found.bbox.center.position.x = float(centres[index, 0])
            found.bbox.center.position.y = float(centres[index, 1])
            found.bbox.size_x, found.bbox.size_y = map(float, sizes[index])
            hypothesis = ObjectHypothesisWithPose()
            hypothesis.hypothesis.class_id = self._labels[classes[index]]
            hypothesis.hypothesis.score = float(best[index])
            found.results.append(hypothesis)
            result.detections.append(found)
        return result


def _cells() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where the model's output cells lie, [cells, 2], and the stride of each, [cells, 1]."""
    grids, strides = [], []
    for stride in (8, 16, 32):
        count = SIDE // stride
        x, y = np.meshgrid(np.arange(count), np.arange(count))
        grids.append(np.stack([x, y], 2).reshape(-1, 2))
        strides.append(np.full((count * count, 1), stride))
    return np.concatenate(grids).astype(np.float32), np.concatenate(strides).astype(np.float32)


def run(make: Callable[[], Node]) -> int:
    """Run a node until it is interrupted."""
    rclpy.init()
    node = make()
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(run(TutorialNode))
