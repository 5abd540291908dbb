"""One operator as the runtime really runs it, after its own fusions and choice of layout."""

from __future__ import annotations

from pydantic import Field

from edge_compress.bundle.schema import StrictModel


class Kernel(StrictModel):
    """What decides how long one call of an operator takes.

    Shapes have the batch in front. Channels of convolutions are those of the model: what the
    runtime pads them to depends on its block, which the device table knows.
    """

    operator: str = Field(description="ONNX type; `nchwc.Conv` runs in blocks of channels")
    kernel: tuple[int, ...] = Field((), description="height and width, of what has a window")
    stride: tuple[int, ...] = ()
    groups: int = Field(1, ge=1)
    inputs: tuple[tuple[int, ...], ...] = Field((), description="shapes, without constants")
    output: tuple[int, ...] = ()
    activation: str = Field("", description="that is fused into it")
    variant: str = Field("", description="order of a Transpose, mode of a Resize")

    @property
    def input(self) -> tuple[int, ...]:
        """Shape of the first input."""
        return self.inputs[0] if self.inputs else ()
