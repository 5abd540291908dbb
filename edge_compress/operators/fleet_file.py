"""The list of robots and cameras that fleet.launch.xml starts detectors for."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from edge_compress.errors import EdgeCompressError

_TOKEN = r"[A-Za-z_][A-Za-z0-9_]*"
# What rclpy takes for the value of a parameter; a list has items of one kind.
ParameterValue: TypeAlias = (
    bool | int | float | str | list[bool] | list[int] | list[float] | list[str]
)


class FleetFileError(EdgeCompressError):
    """The list cannot be used; the message names the file and the key."""


def _ros_name(pattern: str, example: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(
                f"ROS names have letters, digits and _, none begins with a digit: {example}"
            )
        return value

    return AfterValidator(check)


_NodeName = Annotated[str, _ros_name(_TOKEN, "detector")]
_Namespace = Annotated[str, _ros_name(rf"/?{_TOKEN}(/{_TOKEN})*", "robot1, or site2/robot1")]
_Topic = Annotated[
    str, _ros_name(rf"/?{_TOKEN}(/{_TOKEN})*", "camera/image_raw, or /camera/image_raw")
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Settings(_Strict):
    """What may be said for all, for a robot or for a camera; None leaves it to the one above.

    Attributes:
        bundle: folder; relative to the list's own folder.
        image_transport: of the camera's topic.
        providers: runtimes in order of preference.
        params_file: of the detector; relative to the list's own folder.
        parameters: of the detector, by name; added to those of the level above.
    """

    bundle: str | None = None
    image_transport: Literal["raw", "compressed"] | None = None
    providers: list[Literal["tensorrt", "cuda", "cpu"]] | None = Field(None, min_length=1)
    params_file: str | None = None
    parameters: dict[str, ParameterValue] = {}


class Camera(Settings):
    """A camera of a robot.

    Attributes:
        name: prefix of the topics of its results.
        image: topic of its images; relative to the robot's namespace; default NAME/image_raw.
    """

    name: _Namespace
    image: _Topic | None = None


class Robot(Settings):
    """A robot, with one camera in its namespace, or with several by name.

    Attributes:
        namespace: of its nodes and topics.
        name: of the node.
        image: topic of the only camera; default image_raw.
        cameras: by name.
        processes: one detector for all its cameras, or one for each.
    """

    namespace: _Namespace
    name: _NodeName = "detector"
    image: _Topic | None = None
    cameras: list[Camera] = Field([], min_length=1)
    processes: Literal["one", "per_camera"] = "one"

    @field_validator("cameras", mode="before")
    @classmethod
    def _names_alone(cls, cameras: object) -> object:
        """A camera of which nothing but the name is to be said may be written as that."""
        if not isinstance(cameras, list):
            return cameras
        return [{"name": camera} if isinstance(camera, str) else camera for camera in cameras]

    @model_validator(mode="after")
    def _fits(self) -> Robot:
        twice = _twice(camera.name for camera in self.cameras)
        if twice:
            raise ValueError(f"two cameras are called {twice}")
        if self.cameras and self.image:
            raise ValueError("`image` is for a robot without `cameras`: give it to a camera")
        if self.processes == "one":
            for camera in self.cameras:
                own = camera.model_fields_set - {"name", "image"}
                if own:
                    raise ValueError(
                        f"camera {camera.name} has `{sorted(own)[0]}` of its own, but shares one "
                        "node with the others: set `processes: per_camera`"
                    )
        return self


class FleetFile(_Strict):
    """The whole list.

    Attributes:
        defaults: for what robots and cameras do not say.
        robots: each in a namespace of its own.
    """

    defaults: Settings = Settings()
    robots: list[Robot] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> FleetFile:
        twice = _twice(robot.namespace.strip("/") for robot in self.robots)
        if twice:
            raise ValueError(f"two robots have the namespace {twice}")
        for robot in self.robots:
            if robot.bundle or self.defaults.bundle:
                continue
            own = robot.processes == "per_camera"
            bare = [camera.name for camera in robot.cameras if not (own and camera.bundle)]
            if bare or not robot.cameras:
                who = f"camera {bare[0]} of robot" if bare and own else "robot"
                raise ValueError(
                    f"{who} {robot.namespace} has no `bundle`: give it one, or all in `defaults`"
                )
        return self


def read_fleet(path: Path) -> FleetFile:
    """Read the list.

    Raises:
        FleetFileError: it is not there, or not a list of this kind.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FleetFileError(f"{path}: no such file; give fleet:=FILE.yaml") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FleetFileError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise FleetFileError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise FleetFileError(f"{path}: must have the key `robots`, with a list under it")
    try:
        return FleetFile.model_validate(content)
    except ValidationError as error:
        # The deepest is the most exact: of a value that may be of several kinds each one complains.
        # A key that is written wrong is the reason why another is missing.
        detail = max(
            error.errors(include_url=False),
            key=lambda detail: (len(detail["loc"]), detail["type"] == "extra_forbidden"),
        )
        raise FleetFileError(f"{path}: {_explained(detail)}") from None


def _explained(detail: ErrorDetails) -> str:
    key = _dotted(detail["loc"])
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(detail["loc"][-1]), _KEYS, n=1)
        return f"`{key}`: unknown key; " + (f"did you mean `{near[0]}`?" if near else "remove it")
    if detail["type"] == "missing":
        return f"`{key}`: this key is needed"
    if "parameters" in detail["loc"]:
        return f"`{key}`: must be a value or a list of values of one kind, got {detail['input']!r}"
    message = detail["msg"].removeprefix("Value error, ")
    got = detail["input"]
    told = "" if isinstance(got, (dict, list, BaseModel)) else f", got {got!r}"
    return f"`{key}`: {message}{told}" if key else message


def _dotted(location: tuple[int | str, ...]) -> str:
    """`robots[0].bundle`, without what pydantic adds for a value of several kinds."""
    if "parameters" in location:
        location = location[: location.index("parameters") + 2]
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)[1:]


def _twice(names: Iterable[str]) -> str:
    return next((name for name, count in Counter(names).items() if count > 1), "")


_KEYS = sorted({*FleetFile.model_fields, *Robot.model_fields, *Camera.model_fields})
