"""From what the profiler and the optimized graph tell of a node to a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx

from edge_compress.inference.device_table.kernel import Kernel

NCHWC = "com.microsoft.nchwc"
CONVOLUTIONS = ("Conv", "FusedConv")


def kernel_of(
    args: Mapping[str, Any],
    node: onnx.NodeProto | None,
    constants: Mapping[str, tuple[int, ...]],
    true_channels: tuple[int, int] | None,
) -> Kernel:
    """Describe what the profiler saw.

    Args:
        args: of the profiler's event.
        node: of the optimized graph; None when it is not there by that name.
        constants: shapes of the graph's constants, by name.
        true_channels: of a convolution, in and out, before they were padded.
    """
    inputs = _shapes(args["input_type_shape"])
    output = next(iter(_shapes(args["output_type_shape"])), ())
    if node is None:
        return Kernel(operator=str(args["op_name"]), inputs=inputs, output=output)
    names = [name for name in node.input if name]
    if len(names) == len(inputs):  # else the runtime has packed a constant away
        inputs = tuple(
            shape for name, shape in zip(names, inputs, strict=True) if name not in constants
        )
    else:
        inputs = inputs[: sum(name not in constants for name in names)]
    window = tuple(attribute(node, "kernel_shape", ()))
    if node.op_type in CONVOLUTIONS and node.input[1] in constants:
        window = constants[node.input[1]][2:]
    groups = int(attribute(node, "group", 1))
    if attribute(node, "channels_last", 0) or node.op_type.startswith("Nhwc"):
        inputs = tuple(_channels_first(shape) for shape in inputs)
        output = _channels_first(output)
    if true_channels is not None and node.domain == NCHWC and node.op_type in CONVOLUTIONS:
        if groups > 1 and groups == output[1]:
            groups = true_channels[1]
        first = inputs[0]
        inputs = ((first[0], true_channels[0], *first[2:]), *inputs[1:])
        output = (output[0], true_channels[1], *output[2:])
    return Kernel(
        operator=f"nchwc.{node.op_type}" if node.domain == NCHWC else node.op_type,
        kernel=window,
        stride=tuple(attribute(node, "strides", ())),
        groups=groups,
        inputs=inputs,
        output=output,
        activation=attribute(node, "activation", b"").decode(),
        variant=_variant(node),
    )


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], shape[-1], *shape[1:-1]) if len(shape) > 2 else shape


def _variant(node: onnx.NodeProto) -> str:
    if node.op_type == "Transpose":
        return ",".join(map(str, attribute(node, "perm", ())))
    if node.op_type in ("Resize", "Upsample"):
        mode: bytes = attribute(node, "mode", b"nearest")
        return mode.decode()
    return ""


def _shapes(described: list[dict[str, list[int]]]) -> tuple[tuple[int, ...], ...]:
    """From `[{"float": [1, 3, 8, 8]}, ...]`."""
    return tuple(tuple(dims) for one in described for dims in one.values())


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """An attribute's value, or the default where the node does not have it."""
    for one in node.attribute:
        if one.name == name:
            return onnx.helper.get_attribute_value(one)
    return default


def is_blocked(graph: onnx.GraphProto) -> bool:
    """Whether the runtime lays channels in blocks anywhere in this graph."""
    return any(node.domain == NCHWC for node in graph.node)
