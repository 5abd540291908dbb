"""A float graph that is ready to be quantized for one profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto

from edge_compress.compress.progress import Progress
from edge_compress.compress.quantization.bias_correction import corrected, layer_shifts
from edge_compress.compress.quantization.parity import Parity, Tensors, measure_parity
from edge_compress.compress.quantization.sensitivity import layer_sqnr_db
from edge_compress.compress.quantization.variants import QdqStyle, quantized


@dataclass(frozen=True)
class StaticInt8:
    """A float graph with what its activations were seen to be.

    Attributes:
        model: with inferred shapes and named nodes.
        ranges: of its activations, ONNX Runtime's ``TensorsData``.
        how: number formats and placement of Q/DQ pairs.
        per_channel: one weight scale for each output channel.
    """

    model: ModelProto
    ranges: Any
    how: QdqStyle
    per_channel: bool

    def quantized(self, keep_float: set[str]) -> ModelProto:
        """The graph with Q/DQ nodes, but for the nodes of these names."""
        return quantized(
            self.model, self.ranges, self.how, keep_float=keep_float, per_channel=self.per_channel
        )

    def corrected(self, keep_float: set[str], inputs: Iterable[NDArray[np.float32]]) -> StaticInt8:
        """The same with biases that make up for rounded weights; see `layer_shifts`."""
        shifts = layer_shifts(self.model, self.quantized(keep_float), inputs)
        return replace(self, model=corrected(self.model, shifts))

    def layer_sqnr_db(
        self, inputs: Tensors, progress: Progress, *, keep_float: set[str]
    ) -> dict[str, float]:
        """What each layer alone leaves of the outputs, in dB; see `sensitivity`."""
        return layer_sqnr_db(
            self.model,
            self.ranges,
            self.how,
            inputs,
            progress,
            keep_float=keep_float,
            per_channel=self.per_channel,
        )


def write_best(
    graph: StaticInt8,
    keep_float: set[str],
    path: Path,
    fp32_path: Path,
    inputs: Tensors,
    *,
    fused: bool,
    corrections: Iterable[NDArray[np.float32]] | None,
) -> Parity:
    """Write the quantized graph, with corrected biases where these bring it nearer to the float.

    Args:
        graph: what to quantize.
        keep_float: names of nodes that stay float.
        path: the file to write.
        fp32_path: the float file, to compare with.
        inputs: preprocessed frames to judge by, float32 [1, 3, height, width].
        fused: see `measure_parity`.
        corrections: such frames to correct biases by; None leaves biases as they are.
    """
    onnx.save(graph.quantized(keep_float), path)
    plain = measure_parity(fp32_path, path, inputs, fused=fused)
    if corrections is None:
        return plain
    model = graph.corrected(keep_float, corrections).quantized(keep_float)
    mended = measure_parity(fp32_path, model.SerializeToString(), inputs, fused=fused)
    if mended.as_run <= plain.as_run:
        return plain
    onnx.save(model, path)
    return mended
