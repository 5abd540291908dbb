"""The sky: one plain surface behind everything."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from edge_compress.simulation.world import Color

# How far away, in parts of the farthest that is drawn.
_DISTANCE = 0.999
_THIN = 1e-4


def hang_sky(view: mujoco.MjvScene, color: Color, aspect: float) -> None:
    """Add a box to a scene that is all that its camera sees behind the rest.

    MuJoCo's own sky is a textured cube, which takes as long to draw as all the rest. It has no
    number in the picture of numbers, where it stays background.

    Args:
        view: up to date, with a free place for a geometry.
        color: of the sky, whatever the light.
        aspect: width of the picture by its height.
    """
    camera = view.camera[0]
    forward, up = np.array(camera.forward, np.float64), np.array(camera.up, np.float64)
    far = float(camera.frustum_far) * _DISTANCE
    # Half its size, and a little over, since what is just at the edge might be missed.
    height = 1.01 * far * float(camera.frustum_top) / float(camera.frustum_near)
    sky: Any = view.geoms[view.ngeom]
    mujoco.mjv_initGeom(
        sky,
        mujoco.mjtGeom.mjGEOM_BOX,
        np.array([height * aspect, height, _THIN]),
        np.array(camera.pos, np.float64) + forward * far,
        np.stack([np.cross(forward, up), up, -forward], axis=1).ravel(),
        np.array([*np.divide(color, _light(view, -forward)), 1], np.float32),
    )
    sky.emission, sky.specular, sky.segid = 1.0, 0.0, -1
    view.ngeom += 1


def _light(view: mujoco.MjvScene, normal: Any) -> Any:
    """Return by what the colour of a surface is multiplied that shines by itself, [3]."""
    total = np.ones(3)
    for light in view.lights[: view.nlight]:
        total += light.ambient
        total += np.array(light.diffuse) * max(0.0, -float(np.dot(light.dir, normal)))
    return total
