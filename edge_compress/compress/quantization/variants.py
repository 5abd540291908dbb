"""How each target profile wants its Q/DQ nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from onnx import ModelProto
from onnxruntime.quantization import QuantType
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

QuantizedProfile = Literal["ort-cpu", "tensorrt"]

# What ONNX Runtime has INT8 kernels for, or passes 8-bit data through. SiLU is Sigmoid and Mul:
# quantized, it stays one stretch of INT8 from convolution to convolution; left float, every
# convolution pays for a DequantizeLinear and a QuantizeLinear, and is slower than in FP32.
_ORT_CPU_OPS = (
    *("Conv", "ConvTranspose", "Gemm", "MatMul"),
    *("Relu", "Clip", "LeakyRelu", "Sigmoid", "Add", "Mul", "Concat", "Resize", "Split"),
    *("MaxPool", "AveragePool", "GlobalAveragePool", "Reshape", "Transpose", "Flatten"),
)
# TensorRT fuses what follows a convolution itself; it wants Q/DQ at the inputs of weighted layers.
_TENSORRT_OPS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


@dataclass(frozen=True)
class QdqStyle:
    """Number formats and placement of Q/DQ pairs for one profile."""

    op_types: tuple[str, ...]
    activations: QuantType
    reduce_range: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def symmetric(self) -> bool:
        """Whether every zero point of an activation is 0."""
        return bool(self.options.get("ActivationSymmetric", False))


def style(profile: QuantizedProfile, *, reduce_range: bool) -> QdqStyle:
    """The Q/DQ style of a profile.

    ``ort-cpu`` is U8 activations with S8 weights, which is what MLAS multiplies fastest on x86
    and right on ARM; S8 activations took more than twice as long. ``tensorrt`` is symmetric S8S8
    with all zero points 0, a Q/DQ pair of its own for each weighted input and for its weights, and
    float biases: TensorRT 8 refuses a DequantizeLinear on INT32 biases, and shared pairs
    (onnxruntime#14229, #9720).

    Args:
        profile: the target.
        reduce_range: 7-bit weights for ``ort-cpu``, where pairs of 8-bit products would saturate.
    """
    if profile == "ort-cpu":
        return QdqStyle(_ORT_CPU_OPS, QuantType.QUInt8, reduce_range)
    return QdqStyle(
        _TENSORRT_OPS,
        QuantType.QInt8,
        options={
            "ActivationSymmetric": True,
            "WeightSymmetric": True,
            "QuantizeBias": False,
            "AddQDQPairToWeight": True,
            "DedicatedQDQPair": True,
            "OpTypesToExcludeOutputQuantization": list(_TENSORRT_OPS),
        },
    )


def quantized(
    model: ModelProto,
    ranges: Any,
    how: QdqStyle,
    *,
    keep_float: set[str],
    per_channel: bool,
) -> ModelProto:
    """A copy of the model with Q/DQ nodes.

    Args:
        model: float model with inferred shapes and named nodes.
        ranges: of `calibrate`, measured at least at the operators of `how`.
        how: see `style`.
        keep_float: names of nodes that are not quantized.
        per_channel: one weight scale for each output channel.
    """
    copy = ModelProto()
    copy.CopyFrom(model)
    quantizer = QDQQuantizer(
        copy,
        per_channel,
        how.reduce_range,
        QuantType.QInt8,
        how.activations,
        ranges,
        [],
        sorted(keep_float),
        list(how.op_types),
        dict(how.options),
    )
    quantizer.quantize_model()
    result: ModelProto = quantizer.model.model
    return result
