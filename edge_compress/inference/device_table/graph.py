"""Writing a network as ONNX, operator by operator."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_OPSET = 17  # what exported models have
_IR = 8
# What the runtime fuses into the operator before it, or leaves in float.
_UNQUANTIZED = (
    *("Relu", "Clip", "LeakyRelu", "HardSwish", "Elu", "Div", "Erf", "Softmax", "ReduceMean"),
    *("QuantizeLinear", "DequantizeLinear"),
)


class Tensor(NamedTuple):
    """A tensor of the graph, and its shape with the batch of one in front."""

    name: str
    shape: tuple[int, ...]


class Graph:
    """A network that grows by one operator at a time.

    Weights are drawn so that activations neither grow nor fade over many layers: numbers that are
    nearly nothing make a CPU many times slower, and would be measured as the operator's time.

    Attributes:
        macs: multiply-accumulates so far.
    """

    def __init__(
        self, rng: np.random.Generator, shape: tuple[int, ...], *, int8: bool = False
    ) -> None:
        """Begin with an input of this shape.

        Args:
            rng: draws the weights.
            shape: of the input, with the batch of one in front.
            int8: quantize weights and what flows, by pairs of QuantizeLinear and DequantizeLinear
                that the runtime fuses into integer kernels.
        """
        self._rng = rng
        self._int8 = int8
        self._rounded: dict[str, Tensor] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self.input = Tensor("images", shape)
        self.macs = 0

    def add(
        self, operator: str, *inputs: Tensor, shape: tuple[int, ...], **attributes: Any
    ) -> Tensor:
        """Add an operator of the standard, whose output has this shape."""
        if self._int8 and operator not in _UNQUANTIZED:
            inputs = tuple(self._quantized(one) for one in inputs)
        name = f"{operator}_{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(operator, [one.name for one in inputs], [name], name, **attributes)
        )
        return Tensor(name, shape)

    def constant(self, values: NDArray[Any]) -> Tensor:
        """Add a constant."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(values, name))
        return Tensor(name, values.shape)

    def weight(self, *shape: int) -> Tensor:
        """Add random weights, scaled by what flows into one output (He et al., arXiv:1502.01852).

        Args:
            shape: [out, in, ...].
        """
        scale = math.sqrt(2 / math.prod(shape[1:]))
        values = self._rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)
        if not self._int8:
            return self.constant(values)
        step = np.full(shape[0], scale / 32, np.float32)
        # 7 bits, as the robot's file has them where the CPU would overflow with 8.
        levels = np.clip(np.round(values / step[0]), -64, 63).astype(np.int8)
        nothing = np.zeros(shape[0], np.int8)
        parts = (self.constant(part) for part in (levels, step, nothing))
        weight = self.add("DequantizeLinear", *parts, shape=shape, axis=0)
        self._rounded[weight.name] = weight
        return weight

    def _quantized(self, x: Tensor) -> Tensor:
        """The tensor through 8 bits and back; once, however many read it."""
        if x.name.startswith(("constant_", "DequantizeLinear_")):
            return x
        if x.name not in self._rounded:
            # What a clipping activation leaves begins at 0: then the runtime drops the activation.
            positive = x.name.startswith(("Relu", "Clip", "Sigmoid", "HardSigmoid"))
            step = self.constant(np.asarray(0.02, np.float32))
            zero = self.constant(np.asarray(0 if positive else 128, np.uint8))
            whole = self.add("QuantizeLinear", x, step, zero, shape=x.shape)
            self._rounded[x.name] = self.add("DequantizeLinear", whole, step, zero, shape=x.shape)
        return self._rounded[x.name]

    def bias(self, count: int) -> Tensor:
        """Add a small bias, so that no activation is exactly 0."""
        return self.constant(np.full(count, 0.01, np.float32))

    def conv(
        self,
        x: Tensor,
        channels: int,
        kernel: tuple[int, int],
        *,
        stride: int = 1,
        groups: int = 1,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Add a convolution that keeps the size but for its stride.

        Args:
            x: [1, c, h, w].
            channels: out.
            kernel: height and width, both odd.
            stride: of both.
            groups: a divisor of both channel counts.
            weight: in place of random ones.
        """
        _, c_in, height, width = x.shape
        weight = weight or self.weight(channels, c_in // groups, *kernel)
        shape = (1, channels, -(-height // stride), -(-width // stride))
        self.macs += math.prod(shape) * c_in // groups * math.prod(kernel)
        edge = [kernel[0] // 2, kernel[1] // 2]
        return self.add(
            "Conv",
            x,
            weight,
            self.bias(channels),
            shape=shape,
            kernel_shape=list(kernel),
            pads=edge * 2,
            strides=[stride] * 2,
            group=groups,
        )

    def reshape(self, x: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Read the same values as another shape."""
        return self.add("Reshape", x, self.constant(np.asarray(shape, np.int64)), shape=shape)

    def split(self, x: Tensor, sizes: Tensor, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Cut the channels in two parts of this shape each."""
        names = tuple(f"split_{len(self._nodes)}_{i}" for i in (0, 1))
        node = helper.make_node("Split", [x.name, sizes.name], names, names[0], axis=1)
        self._nodes.append(node)
        return Tensor(names[0], shape), Tensor(names[1], shape)

    def linear(self, x: Tensor, features: int) -> Tensor:
        """Add a fully connected layer to [1, n]."""
        weight = self.weight(features, x.shape[1])
        self.macs += features * x.shape[1]
        return self.add("Gemm", x, weight, self.bias(features), shape=(1, features), transB=1)

    def model(self, *outputs: Tensor) -> bytes:
        """The network with these outputs."""
        graph = helper.make_graph(
            self._nodes,
            "network",
            [_described(self.input)],
            [_described(output) for output in outputs],
            self._constants,
        )
        opset = [helper.make_opsetid("", _OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=_IR).SerializeToString()


def _described(tensor: Tensor) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(tensor.name, TensorProto.FLOAT, list(tensor.shape))
