"""The list of robots and cameras that fleet.launch.xml starts detectors for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

_TOKEN = r"[A-Za-z_][A-Za-z0-9_]*"
# What rclpy takes for the value of a parameter; a list has items of one kind.
ParameterValue: TypeAlias = (
    bool | int | float | str | list[bool] | list[int] | list[float] | list[str]
)


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


def _twice(names: Iterable[str]) -> str:
    return next((name for name, count in Counter(names).items() if count > 1), "")
