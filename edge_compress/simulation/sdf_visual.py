"""Reads what can be seen of a link from SDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge_compress.simulation.resources import SEARCH_VARIABLE, locate
from edge_compress.simulation.sdf_element import SdfElement
from edge_compress.simulation.world import (
    Box,
    Color,
    Cylinder,
    Mesh,
    Plane,
    Shape,
    Sphere,
    Visual,
)

LABEL_SYSTEM = "gz::sim::systems::Label"
_BLACK = (0.0, 0.0, 0.0)


def read_visual(visual: SdfElement, folders: Sequence[Path]) -> Visual:
    """Read a <visual>; its pose is in its link.

    Raises:
        WorldError: it holds what this simulator cannot show as Gazebo does.
    """
    # Nothing casts shadows here, so whether it may does not matter.
    visual.allow(
        *("cast_shadows", "geometry", "laser_retro", "material", "meta", "plugin", "pose"),
        "transparency",
    )
    if visual.number("transparency", 0.0) != 0:
        raise visual.error("what one can see through is not supported: <transparency> must be 0")
    shape = _shape(visual.need("geometry"), folders)
    material = visual.need("material")
    texture = _texture(material, folders)
    if texture is not None and not isinstance(shape, Mesh):
        raise visual.error(
            "a texture is supported only on a <mesh>, whose texture coordinates say where it lies"
        )
    name = visual.path.split(" / ", 1)[-1]
    return Visual(name, visual.pose(), shape, _color(material), texture, _label(visual))


def _shape(geometry: SdfElement, folders: Sequence[Path]) -> Shape:
    geometry.allow("box", "cylinder", "mesh", "plane", "sphere")
    if (box := geometry.child("box")) is not None:
        x, y, z = box.lengths("size", 3)
        return Box((x, y, z))
    if (cylinder := geometry.child("cylinder")) is not None:
        return Cylinder(*cylinder.lengths("radius", 1), *cylinder.lengths("length", 1))
    if (sphere := geometry.child("sphere")) is not None:
        return Sphere(*sphere.lengths("radius", 1))
    if (plane := geometry.child("plane")) is not None:
        width, depth = plane.lengths("size", 2)
        return Plane((width, depth), plane.vector("normal", (0.0, 0.0, 1.0)))
    mesh = geometry.need("mesh")
    mesh.allow("scale", "uri")
    uri = mesh.need("uri")
    if not uri.text.lower().endswith(".obj"):
        raise uri.error(f"only meshes in OBJ files are supported, not `{uri.text}`")
    x, y, z = mesh.lengths("scale", 3) if mesh.child("scale") is not None else (1.0, 1.0, 1.0)
    return Mesh(_find(uri, folders), (x, y, z))


def _color(material: SdfElement) -> Color:
    # Gazebo's physically based material takes the scene's ambient light by its diffuse colour.
    material.allow("ambient", "diffuse", "double_sided", "emissive", "pbr", "specular")
    for tag in ("emissive", "specular"):
        if material.color(tag, _BLACK) != _BLACK:
            raise material.error(f"only matt surfaces are supported: <{tag}> must be 0 0 0 1")
    return material.color("diffuse")


def _texture(material: SdfElement, folders: Sequence[Path]) -> Path | None:
    pbr = material.child("pbr")
    if pbr is None:
        return None
    pbr.allow("metal")
    metal = pbr.need("metal")
    metal.allow("albedo_map", "metalness", "roughness")
    if metal.number("metalness", 0.5) != 0:  # SDFormat's default
        raise metal.error("only matt surfaces are supported: <metalness> must be 0")
    albedo = metal.child("albedo_map")
    return None if albedo is None else _find(albedo, folders)


def _find(uri: SdfElement, folders: Sequence[Path]) -> Path:
    found, tried = locate(uri.text, uri.file, folders)
    if found is None:
        places = ", ".join(map(str, tried)) or "nowhere, for want of a folder to look in"
        raise uri.error(
            f"`{uri.text}` is not there (looked at {places}). Fetch the photos of the world with "
            "`python -m edge_compress.simulation.textures`, or name the folder above its own in "
            f"{SEARCH_VARIABLE}"
        )
    return found


def _label(visual: SdfElement) -> int:
    for plugin in visual.children("plugin"):
        if plugin.attribute("name") == LABEL_SYSTEM:
            return plugin.whole("label", 1, 255)
    return 0
