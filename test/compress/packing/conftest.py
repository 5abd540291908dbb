"""Weights as a graph gives them back, packed and not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge_compress.compress.packing import pack

Weights = Mapping[str, NDArray[np.float32]]


class Packed(NamedTuple):
    """What a file gives after packing, and its size in bytes before and after."""

    weights: dict[str, NDArray[np.float32]]
    before: int
    after: int
    path: Path

    @property
    def shrunk(self) -> float:
        return self.before / self.after


def write(weights: Weights, path: Path) -> None:
    """A graph whose outputs are its weights, plus an input that is zero."""
    nodes = [helper.make_node("Add", [name, "zero"], [f"{name}_out"]) for name in weights]
    outputs = [
        helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, value.shape)
        for name, value in weights.items()
    ]
    given = [helper.make_tensor_value_info("zero", TensorProto.FLOAT, [])]
    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "weights", given, outputs, constants)
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)


def read(path: Path) -> dict[str, NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(path)
    values = session.run(None, {"zero": np.zeros((), np.float32)})
    names = [output.name.removesuffix("_out") for output in session.get_outputs()]
    return dict(zip(names, values, strict=True))


@pytest.fixture
def through(tmp_path: Path) -> Callable[[Weights], Packed]:
    """Return a function that packs a file of weights and sees that they come back."""

    def run(weights: Weights) -> Packed:
        path = tmp_path / "weights.onnx"
        write(weights, path)
        before = path.stat().st_size
        pack(path)
        found = read(path)
        for name, weight in weights.items():
            assert_same(found[name], weight)
        return Packed(found, before, path.stat().st_size, path)

    return run


def assert_same(found: NDArray[np.float32], wanted: NDArray[np.float32]) -> None:
    """Zeros are zeros, and the rest is right to 1 part in 10^6."""
    assert found.shape == wanted.shape
    assert ((found == 0) == (wanted == 0)).all()
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=0)
