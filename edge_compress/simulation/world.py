"""What is in a world, as far as a camera can see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from edge_compress.simulation.pose import Pose, Twist

Color: TypeAlias = tuple[float, float, float]  # red, green, blue; 0-1
Vector: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Box:
    """A box around its frame's origin; metres."""

    size: Vector


@dataclass(frozen=True)
class Cylinder:
    """A cylinder along z around its frame's origin; metres."""

    radius: float
    length: float


@dataclass(frozen=True)
class Sphere:
    """A sphere around its frame's origin; metres."""

    radius: float


@dataclass(frozen=True)
class Plane:
    """A rectangle around its frame's origin, seen from where `normal` points; metres."""

    size: tuple[float, float]
    normal: Vector


@dataclass(frozen=True)
class Mesh:
    """An OBJ file, each axis scaled."""

    file: Path
    scale: Vector


Shape: TypeAlias = Box | Cylinder | Sphere | Plane | Mesh


@dataclass(frozen=True, eq=False)
class Visual:
    """Something matt that can be seen.

    Attributes:
        name: model, link and visual, as in the world file.
        pose: in the world, or in the vehicle that carries it.
        shape: what it is.
        color: of its surface, or what its texture is multiplied by.
        texture: an image on the mesh's texture coordinates, if it has one.
        label: of Gazebo's Label system, 1-255; 0 for what is no target.
    """

    name: str
    pose: Pose
    shape: Shape
    color: Color
    texture: Path | None = None
    label: int = 0


@dataclass(frozen=True)
class Light:
    """A sun.

    Attributes:
        direction: in which its light goes, in the world.
        color: its strength in each colour.
    """

    direction: Vector
    color: Color


@dataclass(frozen=True, eq=False)
class CameraSensor:
    """A camera that looks along its x axis, z up, as SDFormat's do.

    Attributes:
        pose: in the vehicle.
        horizontal_fov: radians.
        width: pixels.
        height: pixels.
        near: metres; what is nearer is not drawn.
        far: metres; what is farther is not drawn.
        rate: frames per second.
        frame_id: of its images.
        samples: of each pixel, against jagged edges.
        noise_mean: added to each pixel, which is 0-1.
        noise_stddev: of the same.
    """

    pose: Pose
    horizontal_fov: float
    width: int
    height: int
    near: float
    far: float
    rate: float
    frame_id: str
    samples: int = 4
    noise_mean: float = 0.0
    noise_stddev: float = 0.0


@dataclass(frozen=True, eq=False)
class Vehicle:
    """A model that Gazebo's VelocityControl moves.

    Attributes:
        name: of the model.
        start: where it is at the beginning.
        twist: how it goes on.
        visuals: its own, in its frame.
        camera: its sensor of this name, if it has one.
    """

    name: str
    start: Pose
    twist: Twist
    visuals: tuple[Visual, ...]
    camera: CameraSensor | None

    def pose(self, seconds: float) -> Pose:
        """Return where it is."""
        return self.twist.moved(self.start, seconds)


@dataclass(frozen=True, eq=False)
class World:
    """A world.

    Attributes:
        file: that it was read from.
        ambient: light that comes from everywhere.
        background: the sky's colour.
        lights: that come from somewhere.
        visuals: all that stands still.
        vehicles: all that moves, by name.
    """

    file: Path
    ambient: Color
    background: Color
    lights: tuple[Light, ...]
    visuals: tuple[Visual, ...]
    vehicles: Mapping[str, Vehicle]
