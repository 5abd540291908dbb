"""Runs the ONNX node of YOLOX-ROS, unchanged, from a checkout of it: `... CHECKOUT --ros-args ...`.

github.com/Ar-Ray-code/YOLOX-ROS, `yolox_ros_py/yolox_ros_py/yolox_onnx.py`. Its own dependencies
must be importable: `yolox` (Megvii), `loguru`, and `bboxes_ex_msgs`. Adapted here, from outside:

- `cv_bridge`, where it is not installed, is the one function that the node calls, for bgr8.
- `declare_parameter("num_threads", None)`, which rclpy refuses since Galactic, is declared as
  dynamically typed.
- `imshow_isshow` is false, by parameter: there is no screen.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rcl_interfaces.msg import ParameterDescriptor

MODULE = "benchmarks.runtime.yolox_ros_node"
RESULTS = "bounding_boxes"
NEEDED = ("bboxes_ex_msgs", "loguru", "yolox")


def missing() -> list[str]:
    """What has to be installed before it can run."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


class CvBridge:
    """What cv_bridge does with an image that is bgr8 already: a copy."""

    def imgmsg_to_cv2(self, message: Any, desired_encoding: str) -> NDArray[np.uint8]:
        """Return a writable [height, width, 3] image."""
        if message.encoding != desired_encoding:
            raise NotImplementedError(f"{message.encoding} to {desired_encoding}")
        pixels = np.frombuffer(message.data, np.uint8)
        return pixels.reshape(message.height, message.width, 3).copy()


class _WithNone:
    """Stands in front of the node's class, whose default of None rclpy would refuse."""

    def declare_parameter(self, name: str, value: Any = None, *rest: Any) -> Any:
        if value is None and not rest:
            rest = (ParameterDescriptor(dynamic_typing=True),)
        return super().declare_parameter(name, value, *rest)  # type: ignore[misc]


def main() -> int:
    """Run the node until it is interrupted."""
    sys.path.insert(0, str(Path(sys.argv[1]) / "yolox_ros_py"))
    if importlib.util.find_spec("cv_bridge") is None:
        module = ModuleType("cv_bridge")
        module.CvBridge = CvBridge  # type: ignore[attr-defined]
        sys.modules["cv_bridge"] = module
    from yolox_ros_py import yolox_onnx

    yolox_onnx.yolox_ros = type("yolox_ros", (_WithNone, yolox_onnx.yolox_ros), {})
    yolox_onnx.ros_main(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
