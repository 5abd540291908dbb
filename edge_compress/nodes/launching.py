"""What the launch files that are written in Python share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import GenericAlias
from typing import Any

from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from edge_compress.nodes.detector_parameters import DETECTOR_PARAMETERS
from edge_compress.operators.fleet_nodes import DetectorNode, detector_nodes
from edge_compress.operators.fleet_reading import FleetFileError, read_fleet

_TABLE = {parameter.name: parameter for parameter in DETECTOR_PARAMETERS}


def detector_action(
    namespace: str,
    parameters: Mapping[str, Any],
    *,
    name: str = "detector",
    remappings: Iterable[tuple[str, str]] = (),
    params_file: Path | None = None,
) -> Node:
    """Return the action that starts a detector.

    The launch arguments `params_file`, `respawn` and `log_level` must be declared.

    Args:
        namespace: of the node.
        parameters: by name; they win over the file.
        name: of the node.
        remappings: pairs of topics.
        params_file: instead of the launch argument's.
    """
    file = LaunchConfiguration("params_file") if params_file is None else str(params_file)
    return Node(
        package="edge_compress",
        executable="detector",
        name=name,
        namespace=namespace,
        output="screen",
        respawn=LaunchConfiguration("respawn"),
        respawn_delay=2.0,
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        parameters=[
            file,
            # launch has no way to pass an empty list; all that may be empty are so by default.
            {key: _typed(value) for key, value in parameters.items() if value != []},
        ],
        remappings=list(remappings),
    )


def _typed(value: Any) -> Any:
    """Keep a list a list: launch would write it as a tuple of Python."""
    if type(value) is not list:
        return value
    return ParameterValue(value, value_type=GenericAlias(list, type(value[0])))


def fleet_detectors(path: Path, robots: Sequence[str]) -> list[DetectorNode]:
    """Return the detectors of a fleet's list, once every parameter in it is known to be right.

    Args:
        path: of the list.
        robots: namespaces; empty for all.

    Raises:
        FleetFileError: the list, or a parameter in it, cannot be used.
    """
    nodes = detector_nodes(read_fleet(path), path, robots)
    for node in nodes:
        for name, value in node.parameters.items():
            if name not in _TABLE:
                near = difflib.get_close_matches(name, _TABLE, n=1)
                hint = f"; did you mean `{near[0]}`?" if near else ""
                problem = f"the detector has no parameter `{name}`{hint}"
            else:
                problem = _TABLE[name].problem(value)
            if problem:
                raise FleetFileError(f"{path}: for {node.namespace}/{node.name}: {problem}")
        if node.params_file is not None and not node.params_file.is_file():
            raise FleetFileError(
                f"{path}: `params_file` of {node.namespace}: {node.params_file} is not there"
            )
    return nodes
