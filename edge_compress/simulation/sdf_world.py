"""Reads a world from SDF: the part of it that looks the same in MuJoCo as in Gazebo.

SDFormat 1.9 and later, http://sdformat.org/spec. Elements that do not change a picture are passed
over; those that would, and that are not understood, are refused.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge_compress.simulation.errors import WorldError
from edge_compress.simulation.pose import Pose, Twist
from edge_compress.simulation.sdf_camera import read_camera
from edge_compress.simulation.sdf_element import SdfElement
from edge_compress.simulation.sdf_visual import LABEL_SYSTEM, read_visual
from edge_compress.simulation.world import CameraSensor, Light, Vehicle, Visual, World

_VELOCITY_CONTROL = "gz::sim::systems::VelocityControl"
# What changes nothing that a camera sees.
_WORLD = (
    *("atmosphere", "gravity", "gui", "magnetic_field", "physics", "plugin"),
    *("spherical_coordinates", "wind"),
)
_MODEL = ("allow_auto_disable", "enable_wind", "self_collide")
_LINK = ("collision", "enable_wind", "gravity", "inertial", "self_collide", "velocity_decay")


def read_world(file: Path, folders: Sequence[Path] = ()) -> World:
    """Read a world.

    Args:
        file: SDF with one world.
        folders: where the files of ``model://`` are looked for.

    Raises:
        WorldError: the file is missing or no SDF, a file that it names is missing, or it holds
            what this simulator cannot show as Gazebo does.
    """
    try:
        root = ElementTree.parse(file).getroot()
    except OSError as error:
        raise WorldError(f"{file}: cannot read the world: {error.strerror}") from error
    except ElementTree.ParseError as error:
        raise WorldError(f"{file}: not SDF: {error}") from error
    if root.tag != "sdf":
        raise WorldError(f"{file}: not SDF: its root is <{root.tag}>, not <sdf>")
    world = SdfElement(file, root).child("world")
    if world is None:
        raise WorldError(f"{file}: has no <world>: give a world's file, not a model's")
    world.allow("scene", "light", "model", *_WORLD)
    scene = world.need("scene")
    scene.allow("ambient", "background", "shadows", "grid", "origin_visual")
    visuals: list[Visual] = []
    vehicles: dict[str, Vehicle] = {}
    for model in world.children("model"):
        twist = _twist(model)
        start, own, links = _model(model, folders)
        if twist is None:
            visuals += [_placed(visual, start) for visual in own]
        else:
            camera = _camera(model, links)
            vehicle = Vehicle(model.attribute("name"), start, twist, tuple(own), camera)
            vehicles[vehicle.name] = vehicle
    return World(
        file=file,
        ambient=scene.color("ambient", (0.4, 0.4, 0.4)),
        background=scene.color("background", (0.7, 0.7, 0.7)),
        lights=tuple(_light(light) for light in world.children("light")),
        visuals=tuple(visuals),
        vehicles=vehicles,
    )


def _light(light: SdfElement) -> Light:
    if light.attribute("type") != "directional":
        raise light.error("only lights of the type `directional` are supported")
    light.allow(
        *("attenuation", "cast_shadows", "diffuse", "direction", "intensity", "pose"),
        *("specular", "visualize"),
    )
    if light.flag("cast_shadows", False):
        raise light.error("shadows are not drawn by this simulator: set <cast_shadows> to false")
    direction = light.pose().rotation @ np.array(light.vector("direction", (0.0, 0.0, -1.0)))
    length = float(np.linalg.norm(direction))
    if length == 0:
        raise light.error("its <direction> has no length")
    strength = light.number("intensity", 1.0, low=0)
    x, y, z = (direction / length).tolist()
    red, green, blue = (strength * part for part in light.color("diffuse", (1.0, 1.0, 1.0)))
    return Light((x, y, z), (red, green, blue))


def _twist(model: SdfElement) -> Twist | None:
    """Return the velocity of a model that moves; None when it stands still."""
    found = [p for p in model.children("plugin") if p.attribute("name") == _VELOCITY_CONTROL]
    still = model.flag("static", False)
    if still:
        return None
    if len(found) != 1:
        raise model.error(
            f"is not static and has {len(found)} plugins `{_VELOCITY_CONTROL}`: set <static> to "
            "true, or say by one plugin how it moves"
        )
    zero = (0.0, 0.0, 0.0)
    return Twist(found[0].vector("initial_linear", zero), found[0].vector("initial_angular", zero))


def _model(
    model: SdfElement, folders: Sequence[Path]
) -> tuple[Pose, list[Visual], list[tuple[SdfElement, Pose]]]:
    """Return where a model is, and in its frame its visuals and its links."""
    model.allow("link", "plugin", "pose", "static", *_MODEL)
    for plugin in model.children("plugin"):
        if plugin.attribute("name") == LABEL_SYSTEM:
            raise plugin.error("label the <visual>, not its model: only so are boxes exact")
    visuals: list[Visual] = []
    links = [(link, link.pose()) for link in model.children("link")]
    for link, pose in links:
        link.allow("pose", "sensor", "visual", *_LINK)
        visuals += [
            _placed(read_visual(visual, folders), pose) for visual in link.children("visual")
        ]
    return model.pose(), visuals, links


def _camera(model: SdfElement, links: list[tuple[SdfElement, Pose]]) -> CameraSensor | None:
    for link, pose in links:
        for sensor in link.children("sensor"):
            if sensor.attribute("type") == "camera" and sensor.attribute("name") == "camera":
                scoped = "/".join((model.attribute("name"), link.attribute("name"), "camera"))
                return read_camera(sensor, pose, scoped)
    return None


def _placed(visual: Visual, frame: Pose) -> Visual:
    return replace(visual, pose=frame @ visual.pose)
