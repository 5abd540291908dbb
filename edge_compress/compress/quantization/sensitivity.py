"""Which layers cannot bear 8 bits."""

from __future__ import annotations

from typing import Any

from onnx import ModelProto

from edge_compress.compress.progress import Progress
from edge_compress.compress.quantization.parity import Tensors, run_all, worst_sqnr_db
from edge_compress.compress.quantization.regions import weighted_nodes
from edge_compress.compress.quantization.variants import QdqStyle, quantized


def layer_sqnr_db(
    model: ModelProto,
    ranges: Any,
    how: QdqStyle,
    inputs: Tensors,
    progress: Progress,
    *,
    keep_float: set[str],
    per_channel: bool,
) -> dict[str, float]:
    """SQNR at the model's outputs when one layer alone is quantized, in dB, by node name.

    A handful of layers usually makes nearly all the noise: those whose channels have very different
    ranges, early depthwise convolutions above all. Nagel et al., arXiv:2106.08295, section 4.

    Args:
        model: float model with inferred shapes and named nodes.
        ranges: of `calibrate`.
        how: number formats to try.
        inputs: a few preprocessed frames, float32 [1, 3, height, width].
        progress: shows where it is, and may cancel.
        keep_float: names of nodes that stay float anyway and are not tried.
        per_channel: one weight scale for each output channel.
    """
    layers = [node.name for node in weighted_nodes(model) if node.name not in keep_float]
    everything = {node.name for node in model.graph.node}
    signal = run_all(model.SerializeToString(), inputs)
    found = {}
    for name in progress.track(layers, "quantize layer by layer", len(layers)):
        alone = quantized(
            model, ranges, how, keep_float=everything - {name}, per_channel=per_channel
        )
        noisy = run_all(alone.SerializeToString(), inputs, optimize=False)
        found[name] = worst_sqnr_db(signal, noisy)
    return found
