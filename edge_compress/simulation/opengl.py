"""Something to draw with where there is no screen: OpenGL by EGL, or by OSMesa.

``python -m edge_compress.simulation.opengl`` tells which, or what to install.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from ctypes.util import find_library
from functools import cache
from typing import Any, Literal

from edge_compress.simulation.errors import RenderError

Backend = Literal["egl", "osmesa"]

VARIABLE = "MUJOCO_GL"
BACKENDS: tuple[Backend, ...] = ("egl", "osmesa")
# Seen to be enough in a bare Debian 12. PyOpenGL needs one of OpenGL and GL beside EGL.
_LIBRARIES: dict[Backend, tuple[tuple[str, ...], ...]] = {
    "egl": (("EGL",), ("OpenGL", "GL")),
    "osmesa": (("OSMesa",),),
}
_REMEDY = "sudo apt-get install libegl1 libgl1-mesa-dri libopengl0, or libosmesa6 (Debian, Ubuntu)"
# PyOpenGL decides on its first import which library it loads, and cannot change its mind after a
# failure, so that each is tried in a process of its own.
_PROBE = """
from mujoco.{backend} import GLContext
context = GLContext(8, 8)
context.make_current()
context.free()
"""
_PROBE_TIMEOUT_S = 60


@cache
def find_backend() -> Backend:
    """Return the first way to draw that works: the one in $MUJOCO_GL, or EGL, then OSMesa.

    Raises:
        RenderError: MuJoCo is not installed, or none works; the message says what to install.
    """
    if importlib.util.find_spec("mujoco") is None:
        raise RenderError("mujoco is missing: pip install 'edge_compress[simulation]'")
    wanted = os.environ.get(VARIABLE, "").lower().strip()
    reasons = []
    for backend in BACKENDS:
        if wanted in BACKENDS and backend != wanted:
            continue
        reason = _problem(backend)
        if not reason:
            return backend
        reasons.append(f"{backend}: {reason}")
    raise RenderError(f"there is no OpenGL to draw with ({'; '.join(reasons)}): {_REMEDY}")


def open_context(backend: Backend, width: int, height: int) -> Any:
    """Open a context for pictures of at most this size, in pixels, and make it the thread's own.

    It must be freed (``free()``) in the same thread.
    """
    os.environ[VARIABLE] = backend
    os.environ["PYOPENGL_PLATFORM"] = backend
    context = importlib.import_module(f"mujoco.{backend}").GLContext(width, height)
    context.make_current()
    return context


def _problem(backend: Backend) -> str:
    """Return why nothing can be drawn with a backend; empty when it works."""
    for names in _LIBRARIES[backend]:
        if not any(map(find_library, names)):
            return f"no lib{' or lib'.join(names)}"
    try:
        run = subprocess.run(
            [sys.executable, "-c", _PROBE.format(backend=backend)],
            env={**os.environ, VARIABLE: backend, "PYOPENGL_PLATFORM": backend},
            capture_output=True,
            text=True,
            check=False,
            timeout=_PROBE_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_PROBE_TIMEOUT_S} s"
    if run.returncode == 0:
        return ""
    lines = run.stderr.strip().splitlines()
    return lines[-1] if lines else f"ended with code {run.returncode}"


def main() -> int:
    """Show how pictures are drawn here; 2 when they cannot be."""
    try:
        print(find_backend())
    except RenderError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
