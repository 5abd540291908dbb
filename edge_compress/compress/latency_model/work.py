"""What a kernel has to do, as numbers that its time hangs on."""

from __future__ import annotations

from math import log, prod
from typing import NamedTuple

from edge_compress.inference.device_table.events import CONVOLUTIONS
from edge_compress.inference.device_table.kernel import Kernel

_BLOCKED = "nchwc."
# Fused ones first: what is not in the list counts as something of its own.
_ACTIVATIONS = ("", "Relu", "Clip", "LeakyRelu", "HardSigmoid", "Sigmoid", "Tanh")
_INTEGER = ("QLinearConv", "ConvInteger")
_SAME = {"FusedGemm": "Gemm", "FusedMatMul": "MatMul"}


class Work(NamedTuple):
    """Of one call: multiply-accumulates, and how many values are read, written and learnt."""

    macs: float
    read: float
    written: float
    weights: float


def family(kernel: Kernel) -> str:
    """Kernels of one family are alike enough for one model of their time."""
    if not _is_convolution(kernel):
        return _SAME.get(kernel.operator, kernel.operator) + kernel.variant
    layout = "blocked" if kernel.operator.startswith(_BLOCKED) else "plain"
    if kernel.operator in _INTEGER:
        layout = "integer"
    if kernel.groups == 1:
        return f"{layout} {'pointwise' if prod(kernel.kernel) == 1 else 'convolution'}"
    return f"{layout} {'depthwise' if kernel.groups == kernel.output[1] else 'grouped'}"


def work(kernel: Kernel, block: int) -> Work:
    """Count what a kernel does.

    Args:
        kernel: as the runtime runs it.
        block: channels that convolutions lay side by side: what is not a multiple is padded.
    """
    read = sum(prod(shape) for shape in kernel.inputs)
    written = prod(kernel.output)
    if _is_convolution(kernel):
        return _convolution(kernel, block if kernel.operator.startswith(_BLOCKED) else 1)
    if family(kernel) in ("Gemm", "MatMul") and kernel.input:
        weights = kernel.input[-1] * kernel.output[-1]
        return Work(kernel.input[-1] * written, read, written, weights)
    return Work(written * prod(kernel.kernel), read, written, 0)


def features(kernel: Kernel, block: int) -> list[float]:
    """Numbers for a regression; logarithms of all that has no bounds."""
    done = work(kernel, block)
    output = (*kernel.output, 1, 1, 1, 1)
    channels = kernel.input[1] if len(kernel.input) > 1 else 1
    window = kernel.kernel or (1, 1)
    activation = kernel.activation
    known = _ACTIVATIONS.index(activation) if activation in _ACTIVATIONS else len(_ACTIVATIONS)
    return [
        *(log(max(value, 1.0)) for value in done),
        log(max(sum(done[1:]), 1.0)),
        log(max(done.macs / max(done.written, 1), 1.0)),
        *(log(max(value, 1)) for value in (channels, *output[1:4], kernel.groups)),
        channels % 8,
        output[1] % 8,
        output[3] % 4,
        window[0],
        window[-1],
        (kernel.stride or (1,))[0],
        len(kernel.inputs),
        len(kernel.output),
        known,
    ]


def _convolution(kernel: Kernel, block: int) -> Work:
    c_in, c_out = kernel.input[1], kernel.output[1]
    depthwise = kernel.groups > 1 and kernel.groups == c_out
    # A picture's few channels are read as they are; a convolution of its own is made for them.
    padded_in = _padded(c_in, block) if c_in >= block or kernel.groups > 1 else c_in
    padded_out = _padded(c_out, block)
    per_output = (1 if depthwise else padded_in / kernel.groups) * prod(kernel.kernel)
    written = padded_out * prod(kernel.output[2:])
    return Work(
        macs=written * per_output,
        read=padded_in * prod(kernel.input[2:]) + (len(kernel.inputs) - 1) * written,
        written=written,
        weights=padded_out * per_output,
    )


def _padded(channels: int, block: int) -> int:
    return -(-channels // block) * block


def _is_convolution(kernel: Kernel) -> bool:
    if kernel.operator.removeprefix(_BLOCKED) not in (*CONVOLUTIONS, *_INTEGER):
        return False
    return len(kernel.input) >= 3 and len(kernel.output) >= 3
