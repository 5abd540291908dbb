"""A model's latency on the machine of a device table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_compress.compress.latency_model.overhead import Overhead
from edge_compress.compress.latency_model.regression import FamilyModel
from edge_compress.compress.latency_model.work import family
from edge_compress.inference.device_table.block import channel_block
from edge_compress.inference.device_table.errors import DeviceTableError
from edge_compress.inference.device_table.kernel import Kernel
from edge_compress.inference.device_table.table import DeviceTable
from edge_compress.inference.device_table.trace import Tracer

# Operators that move or map values, whose time says what one that is not in the table may take.
_ORDINARY = ("Add", "Mul", "Concat", "Clip", "Relu", "QuickGelu", "Sigmoid", "Transpose", "Slice")
_NEAREST = {
    f"{layout} {shape}": (f"{layout} convolution", "plain convolution", "blocked convolution")
    for layout in ("blocked", "plain", "integer")
    for shape in ("convolution", "grouped", "depthwise", "pointwise")
}


@dataclass(frozen=True)
class Layer:
    """A kernel and what it is predicted to take, in milliseconds.

    Attributes:
        known: whether the table has its family of operators; else it is guessed from others.
    """

    kernel: Kernel
    ms: float
    known: bool


@dataclass(frozen=True)
class Prediction:
    """Latency of one frame.

    Attributes:
        ms: p50 of the whole model.
        layers: its kernels as the runtime runs them, in order.
    """

    ms: float
    layers: tuple[Layer, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Operators that the table does not have, each once."""
        return tuple(dict.fromkeys(one.kernel.operator for one in self.layers if not one.known))


class LatencyModel:
    """Learns a device table once; predicting a model then takes about as long as loading it.

    The model is loaded and run once here, so that its kernels are those that the runtime really
    runs after its fusions, with the table's layout of channels.
    """

    def __init__(self, table: DeviceTable) -> None:
        """Learn a table; seconds.

        Raises:
            DeviceTableError: its layout of channels cannot be had on this machine.
        """
        if table.block > 1 and channel_block() == 1:
            raise DeviceTableError(
                f"the device table of {table.device!r} is of a runtime that lays channels in "
                f"blocks of {table.block}, and ONNX Runtime on this machine has none: predict on "
                "an x86-64 workstation"
            )
        self.table = table
        rows = defaultdict(list)
        for row in table.rows:
            rows[family(row)].append(row)
        self._families = {
            name: FamilyModel(alike, [row.p25_ms for row in alike], table.block)
            for name, alike in rows.items()
        }
        ordinary = [row for row in table.rows if row.operator.endswith(_ORDINARY)] or table.rows
        self._other = FamilyModel(ordinary, [row.p25_ms for row in ordinary], table.block)
        self._overhead = Overhead(table.whole)

    def predict(self, model: Path | bytes) -> Prediction:
        """Predict an .onnx file, or its bytes.

        Raises:
            ModelError: it cannot be loaded, or its input size is not fixed.
        """
        with Tracer(model, blocked=self.table.block > 1) as tracer:
            tracer.run()
            kernels = [timed.kernel for timed in tracer.kernels()]
        layers = self._layers(kernels)
        ms = self._overhead.whole_ms(len(layers), sum(layer.ms for layer in layers))
        return Prediction(ms, layers)

    def _family(self, name: str) -> FamilyModel:
        """The family's model, or the nearest to it that the table has."""
        for known in (name, *_NEAREST.get(name, ())):
            if known in self._families:
                return self._families[known]
        return self._other

    def _layers(self, kernels: Sequence[Kernel]) -> tuple[Layer, ...]:
        places = defaultdict(list)
        for i, kernel in enumerate(kernels):
            places[family(kernel)].append(i)
        ms = [0.0] * len(kernels)
        for name, alike in places.items():
            model = self._family(name)
            for i, value in zip(alike, model.predict([kernels[i] for i in alike]), strict=True):
                ms[i] = float(value)
        return tuple(
            Layer(kernel, value, family(kernel) in self._families)
            for kernel, value in zip(kernels, ms, strict=True)
        )
