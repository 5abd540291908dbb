"""Build `interfaces/vision_msgs` into the virtual environment that runs this script.

No registry carries vision_msgs as a wheel. The rosidl generators are wheels, but only the build
needs them: they go into an environment of their own under build/, which is removed afterwards.

Usage: build_interfaces.py [REQUIREMENTS], which has the generators of this environment's ROS 2.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "interfaces" / "vision_msgs"
REQUIREMENTS = Path(sys.argv[1] if sys.argv[1:] else ROOT / "requirements" / "interfaces.txt")
WORK = ROOT / "build" / REQUIREMENTS.stem
TOOLS = WORK / "tools"
LOG = WORK / "build.log"

# The hashes of vision_msgs 4.1.1. Nodes with another hash do not hear each other.
TYPE_HASHES = {
    "Classification": "RIHS01_f74db28d0eaef3afb78f48bf2161cd709a1383a0309d3454383b25be11345143",
    "Detection2DArray": "RIHS01_214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968",
    "LabelInfo": "RIHS01_3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783",
}

# Run by a fresh interpreter: what was just installed is found as any program will find it.
ROUND_TRIP = """
from rclpy.serialization import deserialize_message, serialize_message
from vision_msgs import msg
for name in {names}:
    kind = getattr(msg, name)
    assert deserialize_message(serialize_message(kind()), kind) == kind(), name
"""

# The wheels were built in a container whose paths they still name.
CONTAINER_PYTHON = re.compile(r"/opt/python/[^;\"]*/include/python[0-9.]+")
CONTAINER_NUMPY = re.compile(r"/opt/python/[^;\"]*/numpy/[^;\"]*include")


def main() -> int:
    """Build, install and check; 1 with a line that says what is wrong."""
    if sys.prefix == sys.base_prefix:
        print("Run this with the virtual environment's Python: .venv/bin/python", file=sys.stderr)
        return 1
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    try:
        install_tools()
        repair_exports()
        build()
        problem = check()
    except subprocess.CalledProcessError as error:
        print(LOG.read_text()[-4000:], file=sys.stderr)
        problem = f"`{error.cmd[0]}` failed; the whole log is {LOG}"
    if problem:
        print(f"vision_msgs could not be built: {problem}", file=sys.stderr)
        return 1
    shutil.rmtree(WORK)
    return 0


def install_tools() -> None:
    """Put the generators and cmake into an environment of their own."""
    run([sys.executable, "-m", "venv", str(TOOLS)])
    pip = [str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    run([*pip, "-r", str(REQUIREMENTS)])


def repair_exports() -> None:
    """Replace the container's include folders, which cmake would refuse, by this machine's."""
    numpy = run(
        [str(TOOLS / "bin" / "python"), "-c", "import numpy; print(numpy.get_include())"]
    ).strip()
    include = sysconfig.get_path("include")
    for file in (TOOLS / "share").glob("*/cmake/*.cmake"):
        text = file.read_text()
        repaired = CONTAINER_NUMPY.sub(numpy, CONTAINER_PYTHON.sub(include, text))
        if repaired != text:
            file.write_text(repaired)


def build() -> None:
    """Configure, compile and install into this environment."""
    cmake = str(TOOLS / "bin" / "cmake")
    tree = str(WORK / "tree")
    options = {
        "BUILD_TESTING": "OFF",
        "CMAKE_BUILD_TYPE": "Release",
        "CMAKE_INSTALL_PREFIX": sys.prefix,
        "CMAKE_PREFIX_PATH": str(TOOLS),
        "Python3_EXECUTABLE": str(TOOLS / "bin" / "python"),
    }
    defines = [f"-D{name}={value}" for name, value in options.items()]
    run([cmake, "-S", str(SOURCE), "-B", tree, *defines])
    run([cmake, "--build", tree, "--parallel", str(os.cpu_count() or 1)])
    run([cmake, "--install", tree])


def check() -> str | None:
    """Return what is wrong with the installed messages, or None."""
    for name, wanted in TYPE_HASHES.items():
        file = Path(sys.prefix) / "share" / "vision_msgs" / "msg" / f"{name}.json"
        hashes = {
            entry["type_name"]: entry["hash_string"]
            for entry in json.loads(file.read_text())["type_hashes"]
        }
        found = hashes[f"vision_msgs/msg/{name}"]
        if found != wanted:
            return f"{name} has the type hash {found}, robots have {wanted}"
    run([sys.executable, "-c", ROUND_TRIP.format(names=list(TYPE_HASHES))], environment())
    return None


def environment() -> dict[str, str]:
    """Return this environment without what the ROS wheels add to it when Python starts."""
    added = ("_ROS_WHEELS_BOOTSTRAP_COMPLETE", "LD_LIBRARY_PATH")
    return {name: value for name, value in os.environ.items() if name not in added}


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """Run a command, add its output to the log and return it."""
    if env is None:
        # The tools find each other by these; the wheels' own start-up must not restart them.
        env = environment() | {
            "AMENT_PREFIX_PATH": str(TOOLS),
            "LD_LIBRARY_PATH": str(TOOLS / "lib"),
            "PATH": f"{TOOLS / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
        }
    with LOG.open("a") as log:
        result = subprocess.run(
            command, env=env, check=False, text=True, stdout=subprocess.PIPE, stderr=log
        )
        log.write(result.stdout)
    result.check_returncode()
    return result.stdout


if __name__ == "__main__":
    sys.exit(main())
