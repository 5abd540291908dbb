"""Draws a scene, and what is where in the picture."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from edge_compress.simulation.errors import RenderError
from edge_compress.simulation.labelled_boxes import LabelledBox, labelled_boxes
from edge_compress.simulation.mujoco_scene import CAMERA, Scene, set_pose
from edge_compress.simulation.opengl import find_backend, open_context
from edge_compress.simulation.pose import Pose
from edge_compress.simulation.sky import hang_sky

_FLAG = mujoco.mjtRndFlag


class Picture(NamedTuple):
    """What a camera sees at one moment.

    Attributes:
        image: uint8 [height, width, 3], red, green, blue.
        boxes: of the labelled visuals in it.
    """

    image: NDArray[np.uint8]
    boxes: tuple[LabelledBox, ...]


class SceneRenderer:
    """Draws by OpenGL; to be made, used and closed in one thread.

    Not MuJoCo's own Renderer: that one opens a context as $MUJOCO_GL says on MuJoCo's first
    import, and takes as long to put numbers to pixels as to draw them.
    """

    def __init__(self, scene: Scene) -> None:
        """Open a context.

        Raises:
            RenderError: there is none, or it cannot draw pictures of this size.
        """
        model = scene.model
        self._width = int(model.vis.global_.offwidth)
        self._height = int(model.vis.global_.offheight)
        self._scene = scene
        self._data = mujoco.MjData(model)
        self._view = mujoco.MjvScene(model, maxgeom=model.ngeom + 8)
        self._options = mujoco.MjvOption()
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._camera.fixedcamid = model.camera(CAMERA).id
        self._area = mujoco.MjrRect(0, 0, self._width, self._height)
        self._gl = open_context(find_backend(), self._width, self._height)
        # Numbers are not averaged over samples, and are drawn in a third of the time without them.
        try:
            self._colors = _framebuffer(model, model.vis.quality.offsamples)
            self._numbers = _framebuffer(model, 0)
        except mujoco.FatalError as error:
            self._gl.free()
            raise RenderError(
                f"OpenGL cannot draw pictures of {self._width}x{self._height}: {error}"
            ) from error
        for flag in (_FLAG.mjRND_SHADOW, _FLAG.mjRND_REFLECTION, _FLAG.mjRND_SKYBOX):
            self._view.flags[flag] = False

    def render(self, poses: Mapping[str, Pose]) -> Picture:
        """Draw the scene with each vehicle in its place."""
        for name, pose in poses.items():
            set_pose(self._data, self._scene.mocaps[name], pose)
        model = self._scene.model
        mujoco.mj_kinematics(model, self._data)
        mujoco.mj_camlight(model, self._data)
        mujoco.mjv_updateScene(
            model,
            self._data,
            self._options,
            None,
            self._camera,
            mujoco.mjtCatBit.mjCAT_ALL,
            self._view,
        )
        hang_sky(self._view, self._scene.background, self._width / self._height)
        image = self._draw(self._colors, numbers=False)
        segments = _segments(self._draw(self._numbers, numbers=True))
        return Picture(image, labelled_boxes(segments, self._segment_labels()))

    def close(self) -> None:
        """Free what OpenGL holds; a second call does nothing."""
        if self._gl is not None:
            self._colors.free()
            self._numbers.free()
            self._gl.free()
            self._gl = None

    def __enter__(self) -> SceneRenderer:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _draw(self, target: mujoco.MjrContext, *, numbers: bool) -> NDArray[np.uint8]:
        self._view.flags[_FLAG.mjRND_SEGMENT] = self._view.flags[_FLAG.mjRND_IDCOLOR] = numbers
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, target)
        mujoco.mjr_render(self._area, self._view, target)
        pixels = np.empty((self._height, self._width, 3), np.uint8)
        mujoco.mjr_readPixels(pixels, None, self._area, target)
        return np.asarray(cv2.flip(pixels, 0), np.uint8)  # OpenGL begins at the bottom

    def _segment_labels(self) -> dict[int, int]:
        """Return the label of each number in the picture of numbers."""
        labels = self._scene.labels
        geom = mujoco.mjtObj.mjOBJ_GEOM
        return {
            one.segid + 1: labels[one.objid]
            for one in self._view.geoms[: self._view.ngeom]
            if one.objtype == geom and one.objid in labels
        }


def _framebuffer(model: mujoco.MjModel, samples: int) -> mujoco.MjrContext:
    """Return something to draw into, in the present OpenGL context."""
    wanted, model.vis.quality.offsamples = model.vis.quality.offsamples, samples
    try:
        return mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
    finally:
        model.vis.quality.offsamples = wanted


def _segments(colors: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return the numbers that MuJoCo writes as red + 256 green; 0 is the background."""
    numbers = colors[:, :, 1].astype(np.uint16)
    numbers <<= 8
    numbers |= colors[:, :, 0]
    return numbers
