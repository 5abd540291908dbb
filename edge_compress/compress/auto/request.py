"""What a user asks `auto` for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.search.record import ObjectiveName


class Request(StrictModel):
    """A model, footage, a device and a budget.

    All else is found out by looking at the model and the frames.
    """

    model: str = Field(
        min_length=1,
        description="an .onnx file, torchvision:NAME, or a recipe whose `model` is taken",
    )
    data: str = Field(
        min_length=1,
        description="a video, a folder of images, a bag, or a YAML file with a recipe's `data`",
    )
    topic: str = Field("", description="of the bag; empty for its only one with images")
    target: str = Field("host", description="`host` measures here; else the file of a device table")
    labels: tuple[str, ...] = Field((), description="names of the model's classes, or `coco` alone")
    classes: tuple[str, ...] = Field((), description="those that the robot needs; all when empty")
    max_drop: float = Field(
        0.05, ge=0, le=1, description="largest loss of accuracy, or of agreement, 0-1"
    )
    latency_ms: float | None = Field(None, gt=0, description="p50, in milliseconds")
    size_mb: float | None = Field(None, gt=0, description="of the file, in 10^6 bytes")
    energy_mj: float | None = Field(None, gt=0, description="per inference, in millijoules")
    prefer: ObjectiveName | None = Field(
        None,
        description="what is best among those that meet the budget; unset: quality where latency, "
        "size or energy are limited, else latency",
    )
    threads: int = Field(1, ge=1, description="threads that inference may use on the robot")
    channel_step: int = Field(
        8, ge=1, description="channel counts are kept multiples of this: 16 for AVX-512 and GPUs"
    )
    algorithm: Literal["genetic", "annealing", "tpe", "random"] = "tpe"
    minutes: float = Field(60.0, gt=0, description="for everything, full training included")
    trials: int | None = Field(None, ge=1, description="at most; unset: as many as time allows")
    seed: int = Field(0, ge=0, lt=2**31)

    @property
    def objectives(self) -> tuple[ObjectiveName, ...]:
        """What is searched for: the first one chooses between those that meet the budget."""
        limited = self.latency_ms or self.size_mb or self.energy_mj
        first: ObjectiveName = self.prefer or ("quality" if limited else "latency")
        wanted: list[ObjectiveName] = [first, "quality", "latency"]
        if self.size_mb is not None:
            wanted.append("size")
        if self.energy_mj is not None:
            wanted.append("energy")
        return tuple(dict.fromkeys(wanted))
