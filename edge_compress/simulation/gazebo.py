"""What Gazebo needs before it can simulate a world: told in one line each when it is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from edge_compress.simulation.errors import WorldError
from edge_compress.simulation.photos import FOLDER
from edge_compress.simulation.resources import SEARCH_VARIABLE, shipped_world

BRIDGE = "ros_gz_bridge"
_ANSWER_S = 60.0
# ros-DISTRO-ros-gz brings the Gazebo that fits the distribution (REP-2000, ros/rosdistro).
_GAZEBO_OF = {"jazzy": "Harmonic", "kilted": "Ionic"}
_INSTEAD = "Without Gazebo, the node sim_camera renders the same world"


class GazeboError(WorldError):
    """Gazebo, or what joins it to ROS, is not installed."""


def resource_path(world: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return GZ_SIM_RESOURCE_PATH for a world: the user's, and our photos if the world has them.

    Raises:
        WorldError: there is no such world file.
        AssetError: the photos cannot be prepared.
    """
    try:
        content = world.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise WorldError(
            f"{world}: cannot read the world: {reason}. Give the path of an SDF file; the one that "
            f"comes with edge_compress is {shipped_world()}"
        ) from error
    folders = [
        folder for folder in environment.get(SEARCH_VARIABLE, "").split(os.pathsep) if folder
    ]
    if f"model://{FOLDER}/" in content:
        # Only then: another world needs neither OpenCV nor pooch.
        from edge_compress.simulation.textures import inspection_textures

        folders.append(str(inspection_textures()))
    return os.pathsep.join(folders)


def check_gazebo(environment: Mapping[str, str] = os.environ) -> None:
    """Make sure that `gz sim` is installed, and the bridge from it to ROS.

    Raises:
        GazeboError: one is missing; the message says how to install it.
    """
    search = environment.get("PATH", "")
    gz = shutil.which("gz", path=search)
    if gz is None:
        raise _missing("there is no command `gz` on the PATH", environment)
    # `gz` alone is only a front: each of Gazebo's libraries adds a command to it.
    try:
        answer = subprocess.run(
            [gz, "sim", "--versions"],
            capture_output=True,
            text=True,
            timeout=_ANSWER_S,
            check=False,
            env=dict(environment),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _missing(f"`gz sim --versions` does not run: {error}", environment) from error
    if answer.returncode != 0:
        raise _missing(f"{gz} has no command `sim`", environment)
    prefixes = environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    marker = Path("share/ament_index/resource_index/packages") / BRIDGE
    if not any(prefix and (Path(prefix) / marker).is_file() for prefix in prefixes):
        raise _missing(f"the ROS package {BRIDGE} is not in the environment", environment)


def _missing(what: str, environment: Mapping[str, str]) -> GazeboError:
    distribution = environment.get("ROS_DISTRO", "")
    known = [distribution] if distribution in _GAZEBO_OF else list(_GAZEBO_OF)
    ways = " or ".join(
        f"`sudo apt-get install ros-{name}-ros-gz` (ROS 2 {name.capitalize()}, "
        f"Gazebo {_GAZEBO_OF[name]})"
        for name in known
    )
    return GazeboError(
        f"Gazebo is not installed: {what}. Install it: {ways}, and source "
        f"/opt/ros/{known[0] if len(known) == 1 else 'DISTRIBUTION'}/setup.bash again. {_INSTEAD}"
    )
