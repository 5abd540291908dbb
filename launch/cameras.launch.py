"""Several cameras: one detector for all of them, or one for each in a process of its own.

    ros2 launch edge_compress cameras.launch.py bundle:=people.bundle cameras:=front,left
    ros2 launch edge_compress cameras.launch.py … processes:=per_camera

Either way front/image_raw becomes front/detections, and so on. One process loads the model once and
infers in turns, or in batches where the model allows; processes of their own use more memory, and
one that fails takes no other with it. In Python, since launch files in XML have no loops in Humble.
"""

from __future__ import annotations

from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from edge_compress.nodes.launching import detector_action
from launch import LaunchContext, LaunchDescription

_PARAMS_FILE = PathJoinSubstitution([FindPackageShare("edge_compress"), "config", "detector.yaml"])
_TRANSPORTS = EnvironmentVariable(
    "FASTDDS_BUILTIN_TRANSPORTS", default_value="DEFAULT?sockets_size=4MB"
)


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and what is made of them once they are known."""
    return LaunchDescription(
        [
            DeclareLaunchArgument("bundle", description="folder of the bundle to run"),
            DeclareLaunchArgument(
                "cameras", description="namespaces of the cameras, with commas between: front,left"
            ),
            DeclareLaunchArgument(
                "processes",
                default_value="one",
                choices=["one", "per_camera"],
                description="one detector for all cameras, or one for each",
            ),
            DeclareLaunchArgument(
                "image_transport",
                default_value="",
                description="raw, or compressed for image_raw/compressed; empty: as params_file "
                "says",
            ),
            DeclareLaunchArgument(
                "namespace",
                default_value="",
                description="namespace of nodes and topics, such as a robot's name",
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=_PARAMS_FILE,
                description="parameters; the arguments above win over it",
            ),
            DeclareLaunchArgument(
                "respawn",
                default_value="false",
                description="start a node again when it ends by itself",
            ),
            DeclareLaunchArgument(
                "log_level",
                default_value="info",
                description="debug, info, warn, error or fatal",
            ),
            DeclareLaunchArgument(
                "transports",
                default_value=_TRANSPORTS,
                description="FASTDDS_BUILTIN_TRANSPORTS; the cameras need it, or large frames are "
                "lost. Over a weak network take LARGE_DATA, on both sides",
            ),
            SetEnvironmentVariable("FASTDDS_BUILTIN_TRANSPORTS", LaunchConfiguration("transports")),
            OpaqueFunction(function=_detectors),
        ]
    )


def _detectors(context: LaunchContext) -> list[Node]:
    given = LaunchConfiguration("cameras").perform(context)
    cameras = [name.strip() for name in given.split(",") if name.strip()]
    if not cameras or len(set(cameras)) < len(cameras):
        raise RuntimeError(f"cameras:={given}: give each camera's namespace once: front,left")
    namespace = LaunchConfiguration("namespace").perform(context)
    if LaunchConfiguration("processes").perform(context) == "one":
        return [detector_action(namespace, {**_given(context), "cameras": cameras})]
    prefix = f"{namespace}/" if namespace else ""
    return [detector_action(prefix + camera, _given(context)) for camera in cameras]


def _given(context: LaunchContext) -> dict[str, ParameterValue]:
    """Return the parameters that are set by arguments; what is empty is left to the file."""
    values = {
        name: LaunchConfiguration(name).perform(context) for name in ("bundle", "image_transport")
    }
    return {name: ParameterValue(value, value_type=str) for name, value in values.items() if value}
