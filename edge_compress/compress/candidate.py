"""The model as it travels from pass to pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torch import nn

from edge_compress.bundle.schema import Head, InputSpec, Task

if TYPE_CHECKING:
    from edge_compress.compress.export_plan import ExportPlan


@dataclass(frozen=True)
class Candidate:
    """A float model and how it is fed, read and exported.

    Attributes:
        module: maps float32 [n, 3, height, width] to a tuple of the head's raw outputs; any n.
        input: how a frame becomes the module's input.
        head: how the raw outputs become detections.
        labels: the name of each class.
        task: what the model does.
        output_names: the name that each output has in the exported graph.
        quantization: how the exported graph is quantized or put in half precision, or None for
            float. It is a plan, carried out at export, so that float passes may come after it.
        half_weights: whether the float file stores its weights in half precision; carried out at
            export too.
    """

    module: nn.Module
    input: InputSpec
    head: Head
    labels: tuple[str, ...]
    task: Task
    output_names: tuple[str, ...] = ("output",)
    quantization: ExportPlan | None = None
    half_weights: bool = False

    def with_module(self, module: nn.Module) -> Candidate:
        """The same candidate around another module."""
        return replace(self, module=module)

    def with_input(self, height: int, width: int) -> Candidate:
        """The same candidate at another input size, in pixels."""
        resized = self.input.model_copy(update={"height": height, "width": width})
        return replace(self, input=resized)
