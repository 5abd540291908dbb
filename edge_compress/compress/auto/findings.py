"""What a look at the model, its frames and this machine has found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """An input size of the camera's shape.

    Attributes:
        height: in pixels.
        width: in pixels.
        agreement: of the untrained model at this size with itself at its own size, 0-1.
    """

    height: int
    width: int
    agreement: float


@dataclass(frozen=True)
class Findings:
    """All that ingredients are chosen by.

    Attributes:
        task: detection or classification.
        labelled: whether quality is accuracy, and not agreement.
        frames: to learn from.
        quality: of the model as it came, on the frames to choose by, 0-1.
        original_ms: its latency on the target, p50 in milliseconds.
        predicted: whether that comes from a device table.
        size_bytes: of its file.
        height: of its input, in pixels.
        width: of its input, in pixels.
        aspect: of the camera, height by width.
        multiple: what both sides of the input must be multiples of: the largest stride.
        sizes: smaller inputs of the camera's shape, largest first.
        bound: why there are none; empty where there are some.
        focus: whether it begins with the slices of a Focus stem.
        costly: how many of its activation functions cost more than a ReLU.
        linear: share of its weights in linear layers, 0-1.
        wide: share of its multiply-accumulates in plain convolutions that low rank may thin, 0-1.
        trainable: whether gradients reach the model through its head.
        uncuttable: why its channels cannot be cut; empty where they can.
        sensitive: names of layers that lose most when half of their channels go, the worst first.
        int8: latency of its INT8 file by that of the float file; None where it was not measured.
        int8_why: why not.
        seen: labels that the model sees in the frames, with how often; empty where all is well.
        seconds: of one training step, for each frame.
    """

    task: str
    labelled: bool
    frames: int
    quality: float
    original_ms: float
    predicted: bool
    size_bytes: int
    height: int
    width: int
    aspect: float
    multiple: int
    sizes: tuple[Size, ...]
    bound: str
    focus: bool
    costly: int
    linear: float
    wide: float
    trainable: bool
    uncuttable: str
    sensitive: tuple[str, ...]
    int8: float | None
    int8_why: str
    seen: tuple[tuple[str, int], ...]
    seconds: float

    @property
    def padding(self) -> float:
        """Share of the input that the camera's pictures leave empty when letterboxed, 0-1."""
        own = self.height / self.width
        return 1 - min(own, self.aspect) / max(own, self.aspect)

    def params_for(self, size_mb: float | None) -> float:
        """Share of the weights that fit into a file, if 16 bits are stored of each; 2 for all."""
        return 2.0 if size_mb is None else 2e6 * size_mb / self.size_bytes
