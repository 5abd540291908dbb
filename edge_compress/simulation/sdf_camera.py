"""Reads a camera from SDF."""

from __future__ import annotations

import math

from edge_compress.simulation.pose import Pose
from edge_compress.simulation.sdf_element import SdfElement
from edge_compress.simulation.world import CameraSensor

_LARGEST = 8192  # pixels


def read_camera(sensor: SdfElement, link: Pose, scoped_name: str) -> CameraSensor:
    """Read a <sensor> of the type ``camera``.

    Args:
        sensor: the element.
        link: the pose of its link in the model.
        scoped_name: of the sensor; the frame_id of a camera that gives none.

    Raises:
        WorldError: it holds what this simulator cannot show as Gazebo does.
    """
    camera = sensor.need("camera")
    camera.allow(
        *("camera_info_topic", "clip", "horizontal_fov", "image", "noise"),
    )
    image = camera.need("image")
    image.allow("anti_aliasing", "format", "height", "width")
    if (form := image.child("format")) is not None and form.text not in ("R8G8B8", "RGB_INT8"):
        raise form.error(f"must be R8G8B8, is `{form.text}`")
    fov = camera.number("horizontal_fov", low=0, above=True)
    if fov >= math.pi:
        raise camera.error("<horizontal_fov> must be less than pi, for a camera without a lens")
    clip = camera.need("clip")
    near = clip.number("near", low=0, above=True)
    mean, stddev = _noise(camera)
    frame = sensor.child("gz_frame_id")
    return CameraSensor(
        pose=link @ sensor.pose(),
        horizontal_fov=fov,
        width=image.whole("width", 1, _LARGEST),
        height=image.whole("height", 1, _LARGEST),
        near=near,
        far=clip.number("far", low=near, above=True),
        rate=sensor.number("update_rate", low=0, above=True),
        frame_id=frame.text if frame is not None else scoped_name,
        samples=int(image.number("anti_aliasing", 4, low=0)),
        noise_mean=mean,
        noise_stddev=stddev,
    )


def _noise(camera: SdfElement) -> tuple[float, float]:
    noise = camera.child("noise")
    if noise is None:
        return 0.0, 0.0
    kind = noise.child("type")
    if kind is not None and kind.text != "gaussian":
        raise kind.error(f"must be gaussian, is `{kind.text}`")
    return noise.number("mean", 0.0), noise.number("stddev", 0.0, low=0)
