"""What the model is made for: a device profile and a budget."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edge_compress.bundle.schema import StrictModel


class Budget(StrictModel):
    """What the compressed model may cost."""

    max_drop: float = Field(
        0.05,
        ge=0,
        le=1,
        description="largest loss of accuracy (with labels) or of agreement with the original, 0-1",
    )
    latency_ms: float | None = Field(
        None, gt=0, description="p50 of bare inference on this machine, in milliseconds"
    )
    size_mb: float | None = Field(None, gt=0, description="model file, in 10^6 bytes")


class Target(StrictModel):
    """The runtime that will run the model, and the budget."""

    profile: Literal["ort-cpu", "tensorrt"] = "ort-cpu"
    threads: int = Field(1, gt=0, description="threads that inference may use on the robot")
    channel_step: int = Field(
        8, gt=0, description="channel counts are kept multiples of this: 8 on CPUs, 16 on GPUs"
    )
    optimize: Literal["latency", "size"] = Field(
        "latency", description="with `size`, a smaller file may be slower"
    )
    budget: Budget = Budget()
