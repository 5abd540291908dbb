"""The manifest of a bundle: the one contract between the workstation and the robot."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

# 1 had no `extras`, 2 no `predicted` latency and no `energy_mj`, 3 no `sample`, and its variants
# neither an `input` of their own nor a `rung`.
SCHEMA_VERSION = 4

Precision = Literal["fp32", "fp16", "int8"]
Profile = Literal["fp32", "ort-cpu", "tensorrt"]
Task = Literal["detection", "classification"]
ExtraFormat = Literal["torchscript", "exported_program", "tflite"]


class StrictModel(BaseModel):
    """A model that refuses unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InputSpec(StrictModel):
    """How a BGR uint8 frame becomes the network's float32 input of shape [1, 3, height, width].

    Per channel: ``(pixel * scale - mean) / std``, after the channels are put in `color` order.
    """

    name: str = "images"
    height: int = Field(gt=0, description="pixels")
    width: int = Field(gt=0, description="pixels")
    color: Literal["bgr", "rgb"] = "rgb"
    scale: float = Field(1.0, gt=0, description="1 keeps pixels at 0-255, 1/255 maps them to 0-1")
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    fit: Literal["letterbox", "stretch"] = Field(
        "letterbox", description="letterbox keeps the aspect ratio and pads; stretch does not"
    )
    anchor: Literal["top_left", "center"] = Field(
        "center", description="where a letterboxed image lies in the input"
    )
    pad_value: int = Field(114, ge=0, le=255)

    @field_validator("std")
    @classmethod
    def _std_is_positive(cls, std: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(std) <= 0:
            raise ValueError(f"`std` must be positive, got {std}")
        return std


class YoloxHead(StrictModel):
    """One output [1, cells, 5 + classes]: grid-relative cx, cy, log w, log h, objectness, classes.

    Objectness and classes are probabilities already. Ge et al., "YOLOX", arXiv:2107.08430.
    """

    kind: Literal["yolox"] = "yolox"
    strides: tuple[int, ...] = (8, 16, 32)


class Yolov8Head(StrictModel):
    """One output [1, 4 + classes, cells]: cx, cy, w, h in input pixels, then probabilities."""

    kind: Literal["yolov8"] = "yolov8"


class SsdHead(StrictModel):
    """Two outputs: boxes [1, n, 4] and class scores [1, n, classes], both decoded in the graph."""

    kind: Literal["ssd"] = "ssd"
    normalized: bool = Field(True, description="boxes are 0-1 of the input, not input pixels")
    box_format: Literal["xyxy", "yxyx", "cxcywh"] = "xyxy"
    background: bool = Field(True, description="class 0 is the background and is left out")
    activation: Literal["none", "softmax", "sigmoid"] = "none"


class DetrHead(StrictModel):
    """Two outputs: logits [1, queries, classes (+ 1)] and boxes cx, cy, w, h in 0-1 of the input.

    Carion et al., arXiv:2005.12872 (softmax, last class is "no object"); RT-DETR uses sigmoid.
    """

    kind: Literal["detr"] = "detr"
    activation: Literal["softmax", "sigmoid"] = "softmax"


class NmsInGraphHead(StrictModel):
    """Outputs boxes [n, 4] xyxy, scores [n] and labels [n] (each may have a leading batch of 1).

    NMS has been done in the graph, so the detector only filters and maps boxes back.
    """

    kind: Literal["nms-in-graph"] = "nms-in-graph"
    boxes: str = "boxes"
    scores: str = "scores"
    labels: str = "labels"
    normalized: bool = Field(False, description="boxes are 0-1 of the input, not input pixels")


class ClassifierHead(StrictModel):
    """One output [1, classes]."""

    kind: Literal["classifier"] = "classifier"
    activation: Literal["none", "softmax"] = "softmax"
    top_k: int = Field(1, gt=0)


Head = Annotated[
    YoloxHead | Yolov8Head | SsdHead | DetrHead | NmsInGraphHead | ClassifierHead,
    Field(discriminator="kind"),
]


class LatencyStats(StrictModel):
    """Latency of bare inference, in milliseconds, on the named device and provider."""

    p50: float = Field(ge=0)
    p90: float = Field(ge=0)
    p99: float = Field(ge=0)
    runs: int = Field(gt=0)
    threads: int = Field(gt=0)
    provider: str
    device: str = Field(description="CPU or GPU model name as the machine reports it")


class PredictedLatency(StrictModel):
    """Latency of bare inference that nobody measured: it comes from a device's table."""

    ms: float = Field(ge=0, description="what p50 is expected to be")
    threads: int = Field(gt=0)
    provider: str
    device: str = Field(description="whose table it was, as that machine reports itself")


Latency = LatencyStats | PredictedLatency


class Measurement(StrictModel):
    """What was measured of one model file; a figure that was not measured is absent."""

    size_bytes: int = Field(gt=0)
    params: int = Field(ge=0)
    macs: int = Field(ge=0, description="multiply-accumulates for one frame")
    latency_ms: LatencyStats | None = None
    predicted: PredictedLatency | None = Field(
        None, description="in place of `latency_ms` where latency was not measured"
    )
    energy_mj: float | None = Field(
        None, gt=0, description="what the machine draws in all during one inference"
    )
    agreement_ap50: float | None = Field(
        None, ge=0, le=1, description="COCO AP at IoU 0.5 against the original's detections"
    )
    agreement_top1: float | None = Field(
        None, ge=0, le=1, description="share of frames with the original's top class"
    )
    accuracy: float | None = Field(
        None, ge=0, le=1, description="against labels, where given: top-1, or AP50 of a detector"
    )

    def with_latency(self, latency: Latency) -> Measurement:
        """The same figures with this latency, measured or predicted."""
        if isinstance(latency, PredictedLatency):
            return self.model_copy(update={"latency_ms": None, "predicted": latency})
        return self.model_copy(update={"latency_ms": latency, "predicted": None})

    @property
    def p50_ms(self) -> float | None:
        """Latency in milliseconds: measured where it was, else predicted."""
        if self.latency_ms is not None:
            return self.latency_ms.p50
        return self.predicted.ms if self.predicted is not None else None

    @property
    def quality(self) -> float | None:
        """Accuracy where it was measured, else agreement with the original; 0-1."""
        qualities = (self.accuracy, self.agreement_ap50, self.agreement_top1)
        return next((value for value in qualities if value is not None), None)


def _stays_in_the_bundle(file: str) -> str:
    path = PurePosixPath(file)
    if path.is_absolute() or len(path.parts) != 1 or ".." in path.parts or "\\" in file:
        raise ValueError(f"`file` must be a plain file name inside the bundle, got {file!r}")
    return file


class BundledFile(StrictModel):
    """A file of the bundle that the manifest tells of."""

    file: Annotated[str, AfterValidator(_stays_in_the_bundle)]
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class SampleObject(StrictModel):
    """An object that was seen in a parity sample."""

    box: tuple[float, float, float, float] = Field(description="x1 y1 x2 y2, pixels of the sample")
    score: float = Field(ge=0, le=1)
    class_id: int = Field(ge=0, description="index into `labels`")


class ParitySample(BundledFile):
    """A frame as PNG, and what a variant saw there on the workstation, best first.

    A robot takes a provider only if it lets the variant see the same. A classifier's objects are
    its best classes.
    """

    objects: tuple[SampleObject, ...]


class Variant(BundledFile):
    """One model file of the bundle, made for one target profile."""

    profile: Profile
    precision: Precision
    measured: Measurement
    rung: int = Field(
        0, ge=0, description="0 is the bundle's own model; smaller models for it to step down to"
    )
    input: InputSpec | None = Field(None, description="where it is not the bundle's own")
    sample: ParitySample | None = None


class Extra(BundledFile):
    """The float model in another format, for programs of the user's own; the robot ignores it."""

    format: ExtraFormat
    size_bytes: int = Field(gt=0)


class Provenance(StrictModel):
    """Where the bundle comes from, so that it can be made again."""

    created: str = Field(description="UTC, ISO 8601")
    model: str = Field(description="the source as the recipe names it")
    model_sha256: str | None = None
    frames: str | None = Field(None, description="footage that taught and calibrated the model")
    seed: int = 0
    libraries: dict[str, str] = Field(default_factory=dict)


class Manifest(StrictModel):
    """All that the robot needs to know to run the bundle."""

    schema_version: int = SCHEMA_VERSION
    name: str
    task: Task
    labels: tuple[str, ...] = Field(min_length=1)
    input: InputSpec
    head: Head
    original: Measurement
    variants: tuple[Variant, ...] = Field(min_length=1)
    extras: tuple[Extra, ...] = ()
    provenance: Provenance

    @property
    def samples(self) -> tuple[ParitySample, ...]:
        """The variants' parity samples; several variants may share a file."""
        return tuple(v.sample for v in self.variants if v.sample is not None)

    @property
    def files(self) -> tuple[BundledFile, ...]:
        """All variants, then all extras, then the samples."""
        return (*self.variants, *self.extras, *self.samples)

    def input_of(self, variant: Variant) -> InputSpec:
        """How a frame becomes this variant's input."""
        return variant.input or self.input

    @model_validator(mode="after")
    def _files_are_unique(self) -> Manifest:
        samples = {sample.file for sample in self.samples}
        files = [part.file for part in (*self.variants, *self.extras)] + sorted(samples)
        if len(set(files)) != len(files):
            raise ValueError(
                f"each variant, each extra and each sample needs its own file, got {files}"
            )
        return self

    @model_validator(mode="after")
    def _a_rung_has_one_input(self) -> Manifest:
        inputs: dict[int, InputSpec] = {}
        for variant in self.variants:
            spec = self.input_of(variant)
            if inputs.setdefault(variant.rung, spec) != spec:
                raise ValueError(f"the variants of rung {variant.rung} differ in their `input`")
        return self
