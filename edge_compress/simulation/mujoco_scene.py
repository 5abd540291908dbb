"""A world as a MuJoCo model: nothing moves by itself, and nothing touches anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import mujoco
import numpy as np

from edge_compress.simulation.camera_model import Pinhole
from edge_compress.simulation.errors import WorldError
from edge_compress.simulation.pose import Array, Pose
from edge_compress.simulation.world import (
    Box,
    CameraSensor,
    Color,
    Cylinder,
    Mesh,
    Plane,
    Sphere,
    Visual,
    World,
)

CAMERA = "camera"
# MuJoCo's cameras look along -z, y up; SDFormat's along x, z up.
_FROM_SDF_CAMERA = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, eq=False)
class Scene:
    """A world that MuJoCo can draw.

    Attributes:
        model: compiled.
        background: the sky's colour.
        labels: of each geometry that has one, by its number.
        mocaps: the number of each vehicle among what is moved from outside.
    """

    model: mujoco.MjModel
    background: Color
    labels: Mapping[int, int]
    mocaps: Mapping[str, int]


def build_scene(world: World, vehicle: str, camera: CameraSensor, pinhole: Pinhole) -> Scene:
    """Build the model that shows a world by one camera.

    Args:
        world: what to show.
        vehicle: that carries the camera.
        camera: its sensor.
        pinhole: size and focal length of its images.

    Raises:
        WorldError: a mesh or a texture cannot be read.
    """
    spec = mujoco.MjSpec()
    _set_view(spec, camera, pinhole)
    _set_light(spec, world)
    assets = _Assets(spec, world.file)
    labelled: list[tuple[Any, int]] = []
    labelled += assets.put(spec.worldbody, world.visuals)
    for one in world.vehicles.values():
        body = spec.worldbody.add_body(name=one.name, mocap=True)
        labelled += assets.put(body, one.visuals)
        if one.name == vehicle:
            body.add_camera(
                name=CAMERA,
                pos=camera.pose.position,
                quat=_quaternion(camera.pose.rotation @ _FROM_SDF_CAMERA),
                fovy=np.degrees(pinhole.vertical_fov),
            )
    try:
        model = spec.compile()
    except ValueError as error:
        raise WorldError(f"{world.file}: MuJoCo cannot show this world: {error}") from error
    return Scene(
        model,
        world.background,
        {geom.id: label for geom, label in labelled},
        {name: int(model.body(name).mocapid[0]) for name in world.vehicles},
    )


def set_pose(data: mujoco.MjData, mocap: int, pose: Pose) -> None:
    """Put what is moved from outside somewhere."""
    data.mocap_pos[mocap] = pose.position
    data.mocap_quat[mocap] = _quaternion(pose.rotation)


def _set_view(spec: Any, camera: CameraSensor, pinhole: Pinhole) -> None:
    view = spec.visual
    view.global_.offwidth, view.global_.offheight = pinhole.width, pinhole.height
    view.quality.offsamples = camera.samples
    view.quality.shadowsize = 0
    # Distances are given in parts of the world's extent.
    spec.stat.extent = 1.0
    view.map.znear, view.map.zfar = camera.near, camera.far


def _set_light(spec: Any, world: World) -> None:
    head = spec.visual.headlight
    head.ambient, head.diffuse, head.specular = world.ambient, [0, 0, 0], [0, 0, 0]
    for light in world.lights:
        spec.worldbody.add_light(
            type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
            dir=light.direction,
            diffuse=light.color,
            ambient=[0, 0, 0],
            specular=[0, 0, 0],
            castshadow=False,
        )


class _Assets:
    """Puts visuals into a model; a mesh or an image that is used again is read once."""

    def __init__(self, spec: Any, world: Path) -> None:
        self._spec = spec
        self._world = world
        self._meshes: dict[Mesh, str] = {}
        self._materials: dict[tuple[Path | None, tuple[float, ...]], str] = {}
        self._textures: dict[Path, str] = {}

    def put(self, body: Any, visuals: Iterable[Visual]) -> list[tuple[Any, int]]:
        """Add each visual to a body, and return those with a label, and that label."""
        labelled = []
        for visual in visuals:
            geom = self._add(body, visual)
            if visual.label:
                labelled.append((geom, visual.label))
        return labelled

    def _add(self, body: Any, visual: Visual) -> Any:
        rotation = visual.pose.rotation
        shape = visual.shape
        kinds = mujoco.mjtGeom
        form: dict[str, Any]
        if isinstance(shape, Box):
            form = {"type": kinds.mjGEOM_BOX, "size": [side / 2 for side in shape.size]}
        elif isinstance(shape, Cylinder):
            size = [shape.radius, shape.length / 2, 0]
            form = {"type": kinds.mjGEOM_CYLINDER, "size": size}
        elif isinstance(shape, Sphere):
            form = {"type": kinds.mjGEOM_SPHERE, "size": [shape.radius, 0, 0]}
        elif isinstance(shape, Plane):
            form = {"type": kinds.mjGEOM_PLANE, "size": [*(side / 2 for side in shape.size), 1]}
            rotation = rotation @ _upright(np.array(shape.normal))
        else:
            form = {"type": kinds.mjGEOM_MESH, "meshname": self._mesh(shape)}
        return body.add_geom(
            **form,
            pos=visual.pose.position,
            quat=_quaternion(rotation),
            material=self._material(visual),
            contype=0,
            conaffinity=0,
        )

    def _mesh(self, shape: Mesh) -> str:
        if shape not in self._meshes:
            self._meshes[shape] = f"mesh {len(self._meshes)}"
            # A shell, since a panel has no volume.
            self._spec.add_mesh(
                name=self._meshes[shape],
                file=str(shape.file.resolve()),
                scale=shape.scale,
                inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
            )
        return self._meshes[shape]

    def _material(self, visual: Visual) -> str:
        key = (visual.texture, visual.color)
        if key not in self._materials:
            self._materials[key] = f"material {len(self._materials)}"
            material = self._spec.add_material(
                name=self._materials[key], rgba=[*visual.color, 1], specular=0, shininess=0
            )
            if visual.texture is not None:
                material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = self._texture(
                    visual.texture
                )
        return self._materials[key]

    def _texture(self, file: Path) -> str:
        if file not in self._textures:
            self._textures[file] = f"texture {len(self._textures)}"
            data = np.frombuffer(file.read_bytes(), np.uint8)
            image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
            if image is None:
                raise WorldError(f"{self._world}: the texture {file} cannot be read as an image")
            texture = self._spec.add_texture(
                name=self._textures[file],
                type=mujoco.mjtTexture.mjTEXTURE_2D,
                width=image.shape[1],
                height=image.shape[0],
                nchannel=3,
            )
            texture.data = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).tobytes()
        return self._textures[file]


def _quaternion(rotation: Array) -> Array:
    """Return w, x, y, z."""
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, rotation.ravel())
    return quaternion


def _upright(normal: Array) -> Array:
    """Return a rotation that takes z to `normal`."""
    quaternion = np.empty(4)
    mujoco.mju_quatZ2Vec(quaternion, normal)
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, quaternion)
    return rotation.reshape(3, 3)
