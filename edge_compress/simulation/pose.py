"""Where things are, and how a body moves whose own velocity is constant."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pose:
    """A rigid transform from a frame to its parent.

    Attributes:
        position: float64 [3], metres.
        rotation: float64 [3, 3], its columns are the frame's axes in the parent.
    """

    position: Array
    rotation: Array

    @classmethod
    def identity(cls) -> Pose:
        """Return the frame of the parent itself."""
        return cls(np.zeros(3), np.eye(3))

    @classmethod
    def from_rpy(cls, x: float, y: float, z: float, r: float, p: float, w: float) -> Pose:
        """Return the pose of SDFormat's six numbers: metres, and roll, pitch and yaw in radians.

        Rotations about the fixed axes x, y, z in this order (http://sdformat.org/tutorials?
        tut=specify_pose).
        """
        cr, sr, cp, sp, cw, sw = (f(a) for a in (r, p, w) for f in (math.cos, math.sin))
        about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
        about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
        about_z = np.array([[cw, -sw, 0], [sw, cw, 0], [0, 0, 1]])
        return cls(np.array([x, y, z], np.float64), about_z @ about_y @ about_x)

    def __matmul__(self, inner: Pose) -> Pose:
        """Return the pose of what has the pose `inner` in this frame."""
        return Pose(self.position + self.rotation @ inner.position, self.rotation @ inner.rotation)


@dataclass(frozen=True)
class Twist:
    """A constant velocity in the body's own frame.

    Attributes:
        linear: metres per second.
        angular: radians per second.
    """

    linear: tuple[float, float, float]
    angular: tuple[float, float, float]

    @property
    def period_s(self) -> float | None:
        """Seconds of one turn; None when it does not turn."""
        rate = math.hypot(*self.angular)
        return 2 * math.pi / rate if rate > 0 else None

    def moved(self, start: Pose, seconds: float) -> Pose:
        """Return where a body is that began at `start`, in closed form.

        A body whose own velocity is constant moves on a screw, here a circle: the exponential of
        its twist (Murray, Li and Sastry 1994, A Mathematical Introduction to Robotic Manipulation,
        2.36).
        """
        rate = math.hypot(*self.angular)
        way = np.array(self.linear) * seconds
        if rate == 0:
            return start @ Pose(way, np.eye(3))
        x, y, z = (component / rate for component in self.angular)
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        square, angle = cross @ cross, rate * seconds
        turn = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * square
        # The mean of all rotations on the way; without it the last step divides by the angle.
        mean = (
            np.eye(3) * seconds
            + (1 - math.cos(angle)) / rate * cross
            + (seconds - math.sin(angle) / rate) * square
        )
        return start @ Pose(mean @ np.array(self.linear), turn)
