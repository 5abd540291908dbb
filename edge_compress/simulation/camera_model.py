"""The pinhole that a camera of SDFormat is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge_compress.simulation.world import CameraSensor


@dataclass(frozen=True)
class Pinhole:
    """A camera without distortion, with square pixels and its principal point in the middle.

    Attributes:
        width: pixels.
        height: pixels.
        focal: pixels, in both directions.
    """

    width: int
    height: int
    focal: float

    @classmethod
    def of(cls, camera: CameraSensor, width: int = 0, height: int = 0) -> Pinhole:
        """Return the pinhole of a camera; another width keeps what is seen from left to right.

        Args:
            camera: of a world.
            width: pixels; 0 for the camera's own.
            height: pixels; 0 for the camera's own.
        """
        columns = width or camera.width
        focal = columns / (2 * math.tan(camera.horizontal_fov / 2))
        return cls(columns, height or camera.height, focal)

    @property
    def vertical_fov(self) -> float:
        """Radians."""
        return 2 * math.atan(self.height / (2 * self.focal))

    # As gz-sensors fills them in for a camera that gives no lens intrinsics of its own
    # (CameraSensor::PopulateInfo).

    @property
    def k(self) -> list[float]:
        """The intrinsic matrix of sensor_msgs/CameraInfo, row by row."""
        return [self.focal, 0.0, self.width / 2, 0.0, self.focal, self.height / 2, 0.0, 0.0, 1.0]

    @property
    def r(self) -> list[float]:
        """The rectification matrix: none."""
        return [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]

    @property
    def p(self) -> list[float]:
        """The projection matrix, row by row."""
        k = self.k
        return [*k[0:3], 0.0, *k[3:6], 0.0, *k[6:9], 0.0]

    @property
    def d(self) -> list[float]:
        """The distortion of the model plumb_bob: none."""
        return [0.0] * 5
