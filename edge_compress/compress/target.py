"""What the model is made for: a device profile and a budget."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.recipe_path import HOST, DeviceSource

ROUNDING = 1e-9  # 0.8 - 0.1 is a little more than 0.7


def reaches(quality: float, least: float) -> bool:
    """Whether a quality is at least that, but for the last digit of a subtraction; both 0-1."""
    return quality >= least - ROUNDING


class Budget(StrictModel):
    """What the compressed model may cost."""

    max_drop: float = Field(
        0.05,
        ge=0,
        le=1,
        description="largest loss of accuracy (with labels) or of agreement with the original, 0-1",
    )
    latency_ms: float | None = Field(
        None, gt=0, description="p50 of bare inference on `target.device`, in milliseconds"
    )
    size_mb: float | None = Field(None, gt=0, description="model file, in 10^6 bytes")
    energy_mj: float | None = Field(
        None,
        gt=0,
        description="what this machine draws in all during one inference, in millijoules; needs a "
        "power meter that can be read",
    )


class Target(StrictModel):
    """The runtime that will run the model, and the budget."""

    profile: Literal["ort-cpu", "tensorrt"] = "ort-cpu"
    threads: int = Field(1, gt=0, description="threads that inference may use on the robot")
    device: DeviceSource = Field(
        HOST,
        description="`host` measures latency on this machine; the path of a device table predicts "
        "it for the machine of the table",
    )
    channel_step: int = Field(
        8, gt=0, description="channel counts are kept multiples of this: 8 on CPUs, 16 on GPUs"
    )
    optimize: Literal["latency", "size"] = Field(
        "latency", description="with `size`, a smaller file may be slower"
    )
    budget: Budget = Budget()

    @property
    def device_table(self) -> Path | None:
        """The file that latency is predicted from; None where it is measured."""
        return None if self.device == HOST else Path(self.device)
