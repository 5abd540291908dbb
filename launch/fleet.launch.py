"""The detectors of a fleet's list, for fleet.launch.xml: in Humble, XML has no loops.

ros2 launch edge_compress fleet.launch.xml fleet:=my_fleet.yaml
"""

from __future__ import annotations

from pathlib import Path

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from edge_compress.errors import EdgeCompressError
from edge_compress.nodes.launching import detector_action, fleet_detectors
from launch import LaunchContext, LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and the detectors once they are known."""
    return LaunchDescription(
        [
            DeclareLaunchArgument("fleet", description="the list of robots and cameras, YAML"),
            DeclareLaunchArgument(
                "robots",
                default_value="",
                description="namespaces, with commas between; empty: all",
            ),
            DeclareLaunchArgument("params_file", description="parameters of all detectors"),
            DeclareLaunchArgument(
                "respawn", default_value="false", description="start a node again when it ends"
            ),
            DeclareLaunchArgument(
                "log_level", default_value="info", description="debug, info, warn, error or fatal"
            ),
            OpaqueFunction(function=_detectors),
        ]
    )


def _detectors(context: LaunchContext) -> list[Node]:
    path = Path(LaunchConfiguration("fleet").perform(context)).expanduser()
    robots = LaunchConfiguration("robots").perform(context).split(",")
    try:
        nodes = fleet_detectors(path, [name.strip() for name in robots if name.strip()])
    except EdgeCompressError as error:
        raise RuntimeError(str(error)) from None
    return [
        detector_action(
            node.namespace,
            node.parameters,
            name=node.name,
            remappings=node.remappings,
            params_file=node.params_file,
        )
        for node in nodes
    ]
