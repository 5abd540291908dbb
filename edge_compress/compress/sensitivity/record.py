"""What an analysis of sensitivity leaves behind."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edge_compress.bundle.schema import StrictModel, Task

_MINUS = "\N{MINUS SIGN}"


class Treatment(StrictModel):
    """One thing that is done to one layer at a time."""

    kind: Literal["channels", "weights", "bits"]
    amount: float = Field(
        gt=0, description="share of the channels or weights that go, 0-1, or bits a weight"
    )

    @property
    def label(self) -> str:
        """Short enough for the head of a column."""
        if self.kind == "bits":
            return f"{self.amount:g} bit"
        return f"{_MINUS}{self.amount:.0%}"

    @property
    def description(self) -> str:
        """In words."""
        if self.kind == "bits":
            return f"weights rounded to {self.amount:g} bits, each output channel by its own scale"
        return f"the {self.amount:.0%} of the {self.kind} with the least magnitude set to zero"


class LayerSensitivity(StrictModel):
    """One layer, and the quality of the model when this layer alone is treated."""

    name: str
    kind: str = Field(description="the torch module's class, such as Conv2d")
    params: int = Field(ge=0)
    macs: int = Field(ge=0, description="multiply-accumulates for one frame")
    milliseconds: float | None = Field(
        None, gt=0, description="of the layer alone in ONNX Runtime, with the target's threads"
    )
    quality: tuple[float | None, ...] = Field(
        description="0-1, one for each treatment; None where it cannot be done"
    )


class Sensitivity(StrictModel):
    """The costs of every treatment of every layer."""

    recipe: str = Field(description="its name")
    task: Task
    labelled: bool = Field(description="quality is accuracy or AP50, and not agreement")
    frames: int = Field(gt=0, description="that quality was measured on; never held-out ones")
    baseline: float = Field(description="quality of the untreated model, 0-1")
    treatments: tuple[Treatment, ...]
    layers: tuple[LayerSensitivity, ...] = Field(description="in the order of execution")
    params: int = Field(description="of the whole model")
    macs: int = Field(description="of the whole model")
    milliseconds: float | None = Field(
        None, description="of all layers with weights, each timed alone, together"
    )
    threads: int
    device: str

    def drop(self, layer: LayerSensitivity, place: int) -> float | None:
        """By how much quality falls under a treatment, given by its place; below 0 it rises."""
        quality = layer.quality[place]
        return None if quality is None else self.baseline - quality
