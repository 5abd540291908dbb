"""The detector nodes that a fleet's list stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_compress.operators.fleet_file import (
    Camera,
    FleetFile,
    ParameterValue,
    Robot,
    Settings,
)
from edge_compress.operators.fleet_reading import FleetFileError


@dataclass(frozen=True)
class DetectorNode:
    """One node to start.

    Attributes:
        namespace: without slashes around it.
        name: of the node.
        parameters: by name.
        remappings: pairs of topics, as the node has them and as the robot has them.
        params_file: of the detector; None for the one that comes along.
    """

    namespace: str
    name: str
    parameters: Mapping[str, ParameterValue]
    remappings: Sequence[tuple[str, str]] = ()
    params_file: Path | None = None


def detector_nodes(fleet: FleetFile, path: Path, robots: Sequence[str] = ()) -> list[DetectorNode]:
    """Return the nodes of the whole fleet, or of some robots.

    Args:
        fleet: the list.
        path: of its file, for messages and for relative paths in it.
        robots: namespaces; empty for all.

    Raises:
        FleetFileError: a robot that is asked for is not in the list.
    """
    known = {robot.namespace.strip("/"): robot for robot in fleet.robots}
    asked = [name.strip("/") for name in robots]
    for name in asked:
        if name not in known:
            raise FleetFileError(
                f"{path}: `robots` has no namespace {name}; it has {', '.join(known)}"
            )
    return [
        node
        for name, robot in known.items()
        if not asked or name in asked
        for node in _of_robot(robot, fleet.defaults, path.resolve().parent)
    ]


def _of_robot(robot: Robot, defaults: Settings, folder: Path) -> Iterator[DetectorNode]:
    namespace = robot.namespace.strip("/")
    if not robot.cameras:
        yield _node(namespace, robot.name, [defaults, robot], _remapped("", robot.image), folder)
    elif robot.processes == "one":
        remappings = [
            pair for camera in robot.cameras for pair in _remapped(camera.name, camera.image)
        ]
        names: dict[str, ParameterValue] = {"cameras": [camera.name for camera in robot.cameras]}
        yield _node(namespace, robot.name, [defaults, robot], remappings, folder, names)
    else:
        for camera in robot.cameras:
            # The topic is relative to the robot, not to the camera's namespace.
            image = _absolute(namespace, camera)
            yield _node(
                f"{namespace}/{camera.name.strip('/')}",
                robot.name,
                [defaults, robot, camera],
                _remapped("", image),
                folder,
            )


def _absolute(namespace: str, camera: Camera) -> str | None:
    if camera.image is None or camera.image.startswith("/"):
        return camera.image
    return f"/{namespace}/{camera.image}"


def _remapped(camera: str, image: str | None) -> list[tuple[str, str]]:
    if image is None:
        return []
    topic = f"{camera.strip('/')}/image_raw" if camera else "image_raw"
    return [(topic, image), (f"{topic}/compressed", f"{image}/compressed")]


def _node(
    namespace: str,
    name: str,
    levels: Sequence[Settings],
    remappings: Sequence[tuple[str, str]],
    folder: Path,
    more: Mapping[str, ParameterValue] | None = None,
) -> DetectorNode:
    """Build a node; of the levels, the later ones win."""
    parameters: dict[str, ParameterValue] = {}
    params_file: Path | None = None
    for level in levels:
        parameters |= level.parameters
        if level.bundle is not None:
            parameters["bundle"] = str(folder / Path(level.bundle).expanduser())
        if level.image_transport is not None:
            parameters["image_transport"] = level.image_transport
        if level.providers is not None:
            parameters["providers"] = [str(name) for name in level.providers]
        if level.params_file is not None:
            params_file = folder / Path(level.params_file).expanduser()
    return DetectorNode(namespace, name, {**parameters, **(more or {})}, remappings, params_file)
