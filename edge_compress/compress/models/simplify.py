"""Turn the graph that onnx2torch makes into one that runs at any batch and trains well."""

from __future__ import annotations

import operator
from typing import Any

import torch
from onnx2torch.node_converters.binary_math_operations import OnnxBinaryMathOperation
from onnx2torch.node_converters.constant import OnnxConstant
from onnx2torch.node_converters.reshape import OnnxReshape
from onnx2torch.node_converters.resize import OnnxResize
from onnx2torch.node_converters.slice import OnnxSlice
from torch import Tensor, fx, nn

from edge_compress.compress.models.static_ops import StaticResize, StaticSlice, freed_sizes

INTERPOLATION = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}


def simplify(graph_module: fx.GraphModule, example: Tensor) -> fx.GraphModule:
    """Replace nodes with constant parameters, fuse SiLU, and return a tuple of outputs.

    Args:
        graph_module: as onnx2torch made it; changed in place.
        example: an input of the shape that the ONNX file was made for.
    """
    shapes = _Shapes(graph_module)
    with torch.no_grad():
        shapes.run(example)
    modules = dict(graph_module.named_modules())
    for node in list(graph_module.graph.nodes):
        if node.op == "call_module":
            made = _static(node, modules, graph_module, shapes.of)
            if made is not None:
                graph_module.add_submodule(str(node.target), made)
                node.args, node.kwargs = (node.args[0],), {}
    _fuse_silu(graph_module)
    _return_tuple(graph_module.graph)
    graph_module.graph.eliminate_dead_code()
    graph_module.delete_all_unused_submodules()
    _drop_unused_constants(graph_module)
    graph_module.graph.lint()
    graph_module.recompile()
    return graph_module


class _Shapes(fx.Interpreter):
    """Runs the graph and remembers the shape of each value."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.of: dict[fx.Node, tuple[int, ...]] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, Tensor):
            self.of[n] = tuple(value.shape)
        return value


def _static(
    node: fx.Node,
    modules: dict[str, nn.Module],
    root: fx.GraphModule,
    shapes: dict[fx.Node, tuple[int, ...]],
) -> nn.Module | None:
    """The module that replaces `node`'s, or None where a parameter is computed by the graph."""
    module = modules[str(node.target)]
    names = {
        OnnxSlice: ("input_tensor", "starts", "ends", "axes", "steps"),
        OnnxReshape: ("input_tensor", "shape"),
        OnnxResize: ("input_tensor", "roi", "scales", "sizes"),
    }.get(type(module))
    if names is None:
        return None
    given = {**dict(zip(names, node.args, strict=False)), **node.kwargs}
    source = given.pop("input_tensor")
    if not isinstance(source, fx.Node):
        return None
    values = {}
    for name, argument in given.items():
        constant = _constant(argument, modules, root)
        if constant is None:
            return None
        values[name] = constant.tolist()
    if isinstance(module, OnnxSlice):
        return _slice(values)
    if isinstance(module, OnnxReshape):
        return freed_sizes(values["shape"], shapes[source], shapes[node])
    return _resize(module, shapes[source], shapes[node])


def _constant(argument: Any, modules: dict[str, nn.Module], root: fx.GraphModule) -> Tensor | None:
    if isinstance(argument, fx.Node) and argument.op == "get_attr":
        value = operator.attrgetter(str(argument.target))(root)
        return value if isinstance(value, Tensor) else None
    if isinstance(argument, fx.Node) and argument.op == "call_module":
        module = modules[str(argument.target)]
        if isinstance(module, OnnxConstant) and isinstance(module.value, Tensor):
            return module.value
    return None


def _slice(values: dict[str, list[int]]) -> StaticSlice | None:
    starts, ends = values["starts"], values["ends"]
    axes = values.get("axes", list(range(len(starts))))
    steps = values.get("steps", [1] * len(starts))
    if min(axes) < 0 or min(steps) < 0:
        return None
    slices = [slice(None)] * (max(axes) + 1)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        slices[axis] = slice(start, end, step)
    return StaticSlice(slices)


def _resize(
    module: OnnxResize, given: tuple[int, ...], made: tuple[int, ...]
) -> StaticResize | None:
    if len(given) != 4:
        return None
    factors = (made[2] / given[2], made[3] / given[3])
    return StaticResize(factors, INTERPOLATION[module.onnx_mode], module.align_corners)


def _fuse_silu(root: fx.GraphModule) -> None:
    """``x * sigmoid(x)`` as one operation: half the memory traffic in training."""
    modules = dict(root.named_modules())
    for node in list(root.graph.nodes):
        if node.op != "call_module" or len(node.args) != 2:
            continue
        module = modules[str(node.target)]
        if (
            not isinstance(module, OnnxBinaryMathOperation)
            or module.math_op_function is not torch.mul
        ):
            continue
        for x, gate in (node.args, node.args[::-1]):
            gates = isinstance(gate, fx.Node) and gate.op == "call_module"
            if gates and gate.args == (x,) and isinstance(modules[str(gate.target)], nn.Sigmoid):
                root.add_submodule(str(node.target), nn.SiLU())
                node.args = (x,)
                break


def _return_tuple(graph: fx.Graph) -> None:
    (output,) = (node for node in graph.nodes if node.op == "output")
    values = output.args[0]
    output.args = (tuple(values) if isinstance(values, (list, tuple)) else (values,),)


def _drop_unused_constants(root: fx.GraphModule) -> None:
    used = {str(node.target) for node in root.graph.nodes if node.op == "get_attr"}
    for name, _ in list(root.named_buffers()):
        if name.startswith("initializers.") and name not in used:
            delattr(root.initializers, name.removeprefix("initializers."))
