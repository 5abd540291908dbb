"""The camera of a vehicle that goes through a world, frame by frame."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_compress.simulation.camera_model import Pinhole
from edge_compress.simulation.errors import WorldError
from edge_compress.simulation.labelled_boxes import LabelledBox
from edge_compress.simulation.mujoco_scene import build_scene
from edge_compress.simulation.noise import ImageNoise
from edge_compress.simulation.renderer import SceneRenderer
from edge_compress.simulation.world import CameraSensor, World


class SimulatedFrame(NamedTuple):
    """One frame.

    Attributes:
        time_ns: since the simulation began, nanoseconds.
        image: uint8 [height, width, 3], red, green, blue.
        boxes: what is seen of each labelled visual.
    """

    time_ns: int
    image: NDArray[np.uint8]
    boxes: tuple[LabelledBox, ...]


class SimulatedCamera:
    """What a vehicle's camera sees; the same seed gives the same bytes.

    Attributes:
        pinhole: size and focal length of the images.
        rate: frames per second.
        frame_id: of the images.
    """

    def __init__(
        self,
        world: World,
        vehicle: str,
        *,
        rate: float = 0,
        width: int = 0,
        height: int = 0,
        seed: int = 0,
    ) -> None:
        """Read what is to be shown.

        Args:
            world: to go through.
            vehicle: that carries the camera.
            rate: frames per second; 0 for the sensor's.
            width: pixels; 0 for the sensor's.
            height: pixels; 0 for the sensor's.
            seed: of the noise, and of how far each vehicle has gone when the simulation begins; 0
                begins where the world says, as Gazebo does.

        Raises:
            WorldError: there is no such vehicle, it has no camera, or the world cannot be shown.
        """
        camera = _sensor(world, vehicle)
        self.pinhole = Pinhole.of(camera, width, height)
        self.rate = rate or camera.rate
        self.frame_id = camera.frame_id
        self._world = world
        self._begin_s = 0.0
        if seed and (period := world.vehicles[vehicle].twist.period_s):
            self._begin_s = float(np.random.default_rng(seed).uniform(0, period))
        self._scene = build_scene(world, vehicle, camera, self.pinhole)
        self._noise = ImageNoise(camera.noise_mean, camera.noise_stddev, seed)

    def frames(self, duration_s: float = 0) -> Generator[SimulatedFrame, None, None]:
        """Yield frames; the first comes one period after the beginning.

        OpenGL is open while this runs, in the thread that it runs in; close it there, too.

        Args:
            duration_s: no frame comes later; 0 for no end.

        Raises:
            RenderError: there is nothing to draw with.
        """
        number = 1
        with SceneRenderer(self._scene) as renderer:
            while not duration_s or number <= duration_s * self.rate + 1e-6:
                seconds = self._begin_s + number / self.rate
                poses = {name: v.pose(seconds) for name, v in self._world.vehicles.items()}
                image, boxes = renderer.render(poses)
                time_ns = round(number * 1e9 / self.rate)
                yield SimulatedFrame(time_ns, self._noise.added(image, number), boxes)
                number += 1


def _sensor(world: World, vehicle: str) -> CameraSensor:
    if vehicle not in world.vehicles:
        there = ", ".join(sorted(world.vehicles)) or "none"
        raise WorldError(
            f"{world.file}: has no vehicle `{vehicle}`, that is a model with VelocityControl; "
            f"those it has: {there}"
        )
    camera = world.vehicles[vehicle].camera
    if camera is None:
        raise WorldError(
            f"{world.file}: model `{vehicle}` has no sensor of the type `camera` named `camera`"
        )
    return camera
