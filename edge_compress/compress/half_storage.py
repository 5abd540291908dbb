"""Weights of an ONNX file in half precision, widened again by the runtime as it loads."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from edge_compress.compress.constraints import constraint_of
from edge_compress.compress.packing import PREFIX
from edge_compress.compress.weight_grids.on_grid import OnGrid

SMALLEST = 64  # elements; below, the Cast costs more bytes than it saves
LARGEST = 6e4  # binary16 ends at 65504


def rounded(module: nn.Module) -> nn.Module:
    """A copy whose weights are what is left of them after storing; those on a grid are exact."""
    module = copy.deepcopy(module)
    exact = {id(layer.weight) for layer in module.modules() if constraint_of(layer, OnGrid)}
    for parameter in module.parameters():
        if id(parameter) not in exact and _fits(
            parameter.numel(), float(parameter.detach().abs().max())
        ):
            parameter.data = parameter.data.half().float()
    return module


def store_half(path: Path) -> None:
    """Rewrite the file with 16-bit weights and a Cast to float32 for each."""
    model = onnx.load(str(path))
    graph = model.graph
    casts = []
    for weight in graph.initializer:
        if weight.data_type != TensorProto.FLOAT or weight.name.startswith(PREFIX):
            continue
        values = numpy_helper.to_array(weight)
        if not _fits(values.size, float(np.abs(values).max())):
            continue
        name, half = weight.name, f"{weight.name}_half"
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _fits(size: int, largest: float) -> bool:
    return size >= SMALLEST and largest < LARGEST
