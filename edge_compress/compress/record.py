"""What a run leaves behind for its report: all figures, and where they come from."""

from __future__ import annotations

from pydantic import Field

from edge_compress.bundle.schema import Measurement, StrictModel, Task, Variant
from edge_compress.compress.target import Target


class LayerRow(StrictModel):
    """One layer with parameters."""

    name: str
    kind: str = Field(description="the torch module's class, such as Conv2d")
    params: int = Field(ge=0)
    macs: int = Field(ge=0, description="multiply-accumulates for one frame")
    output_shape: tuple[int, ...] = Field(description="with the batch of one in front")


class PassOutcome(StrictModel):
    """What became of one pass."""

    name: str = Field(description="the pass's kind")
    kept: bool
    why: str = Field(description="one sentence: what decided")
    before: Measurement = Field(description="the last kept model, measured in the same run")
    after: Measurement | None = Field(description="None when the pass could not be carried out")
    latency_ratio: float | None = Field(
        None, gt=0, description="p50 after / before, interleaved; below 1 is faster"
    )
    seconds: float = Field(ge=0)
    settings: str = Field("", description="the pass's parameters that differ from the defaults")


class Boxes(StrictModel):
    """Detections of one frame, as they are drawn: boxes xyxy in source pixels."""

    boxes: tuple[tuple[float, float, float, float], ...]
    scores: tuple[float, ...]
    names: tuple[str, ...]


class Sample(StrictModel):
    """One held-out frame as both models see it."""

    frame: int = Field(ge=0, description="number in the video or folder")
    jpeg: bytes = Field(description="the frame itself, JPEG")
    original: Boxes
    compressed: Boxes


class Latencies(StrictModel):
    """Each timed inference, in milliseconds, measured in turns."""

    original: tuple[float, ...]
    compressed: tuple[float, ...]


class RunRecord(StrictModel):
    """A whole run of a recipe."""

    recipe: str = Field(description="its name")
    task: Task
    target: Target
    frames: str = Field(description="name of the footage")
    frames_learn: int
    frames_held_out: int
    frames_skipped: tuple[str, ...] = Field((), description="images that could not be decoded")
    original: Measurement
    final: Measurement = Field(description="of the variant for the target's profile")
    outcomes: tuple[PassOutcome, ...]
    variants: tuple[Variant, ...]
    warnings: tuple[str, ...] = Field((), description="such as a budget that was not met")
    layers_before: tuple[LayerRow, ...]
    layers_after: tuple[LayerRow, ...]
    latencies_ms: Latencies
    samples: tuple[Sample, ...]
    reference_quality: float = Field(
        1.0,
        ge=0,
        le=1,
        description="accuracy of the model that nothing was taken from; 1 without labels",
    )
    per_class_ap50: dict[str, float] = Field(
        default_factory=dict, description="of the final model, by class name"
    )
    device: str
    seed: int
    created: str = Field(description="UTC, ISO 8601")
    libraries: dict[str, str]
