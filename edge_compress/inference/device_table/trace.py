"""Which kernels the runtime runs for a model, and how long each takes inside of it.

A session around a single operator lies: it pays for one call of the runtime, reorders the channels
in and out, and finds its input cold or warm as no model would. ONNX Runtime's own profiler times
each kernel in its place instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from edge_compress.inference.device_table.graph import Graph
from edge_compress.inference.device_table.kernel import Kernel
from edge_compress.inference.onnxruntime_session import session_options
from edge_compress.inference.session import ModelError

NCHWC = "com.microsoft.nchwc"
CONVOLUTIONS = ("Conv", "FusedConv")
_EXTENDED = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
_SUFFIX = "_kernel_time"
_RENAMED = "_nchwc"  # what the runtime adds to the name of a node that it moves to blocks
# Timed in whole microseconds, cut off: half of one is missing on average.
_CUT_MS = 0.0005


class Timed(NamedTuple):
    """A kernel, and what it took in each run, float64 [runs], in milliseconds."""

    kernel: Kernel
    ms: NDArray[np.float64]


class Tracer:
    """A model that is run with the profiler on.

    A context manager; inside, `run` runs it once, and `kernels` ends it.
    """

    def __init__(self, model: Path | bytes, *, threads: int = 1, blocked: bool = True) -> None:
        """Load the model.

        Args:
            model: an .onnx file or its bytes; all input sizes fixed but the batch.
            threads: within one operator; 0 leaves it to the runtime.
            blocked: let the runtime choose its layout of channels in blocks; False is what it does
                on a CPU for which it has none.

        Raises:
            ModelError: it cannot be loaded, or an input size is not fixed.
        """
        self._folder = TemporaryDirectory(prefix="edge_compress-")
        self._model = model
        options = session_options(threads)
        if not blocked:
            options.graph_optimization_level = _EXTENDED
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(self._folder.name) / "profile")
        self._optimized = Path(self._folder.name) / "optimized.onnx"
        options.optimized_model_filepath = str(self._optimized)
        try:
            self._session = load(model, options)
            self._feeds = random_feeds(self._session)
        except BaseException:
            self._folder.cleanup()
            raise
        self._counted: list[bool] = []

    def __enter__(self) -> Tracer:
        """Return the tracer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what the profiler wrote."""
        self._folder.cleanup()

    def run(self, *, counted: bool = True) -> None:
        """Run the model once, on random input; what is not counted only warms it up."""
        self._session.run(None, self._feeds)
        self._counted.append(counted)

    def kernels(self) -> list[Timed]:
        """End the trace and read it.

        Returns:
            Each kernel in the order of its first run.
        """
        events = json.loads(Path(self._session.end_profiling()).read_text())
        graph = onnx.load(self._optimized, load_external_data=False).graph
        nodes = {node.name: node for node in graph.node}
        true_channels = self._true_channels() if _is_blocked(graph) else {}
        constants = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
        found: dict[str, tuple[dict[str, Any], list[float]]] = {}
        for event in events:
            name = event.get("name", "")
            if event.get("cat") == "Node" and name.endswith(_SUFFIX):
                _, times = found.setdefault(name.removesuffix(_SUFFIX), (event["args"], []))
                times.append(event["dur"] / 1000 + _CUT_MS)
        return [
            Timed(
                _kernel(args, nodes.get(name), constants, true_channels.get(name)),
                np.asarray(times)[self._counted],
            )
            for name, (args, times) in found.items()
        ]

    def _true_channels(self) -> Mapping[str, tuple[int, int]]:
        """Channels in and out of each convolution before the runtime pads them to whole blocks."""
        options = session_options(1)
        options.graph_optimization_level = _EXTENDED
        plain = Path(self._folder.name) / "plain.onnx"
        options.optimized_model_filepath = str(plain)
        load(self._model, options)
        graph = onnx.load(plain, load_external_data=False).graph
        dims = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
        return {
            node.name + _RENAMED: (
                dims[node.input[1]][1] * int(_attribute(node, "group", 1)),
                dims[node.input[1]][0],
            )
            for node in graph.node
            if node.op_type in CONVOLUTIONS and node.input[1] in dims
        }


def channel_block() -> int:
    """How many channels this CPU's runtime lays side by side in convolutions; 1 without blocks."""
    graph = Graph(np.random.default_rng(0), (1, 4, 8, 8))
    model = graph.model(graph.conv(graph.input, 4, (1, 1)))
    with TemporaryDirectory(prefix="edge_compress-") as folder:
        options = session_options(1)
        options.optimized_model_filepath = str(Path(folder) / "optimized.onnx")
        load(model, options)
        written = onnx.load(options.optimized_model_filepath).graph
    if not _is_blocked(written):
        return 1
    return max(tensor.dims[0] for tensor in written.initializer)


def load(model: Path | bytes, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    """A session on the CPU.

    Raises:
        ModelError: the model cannot be loaded.
    """
    source = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's exceptions have no common base of their own
        what = "the model" if isinstance(model, bytes) else str(model)
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"{what}: ONNX Runtime cannot load it: {reason}") from error


def random_feeds(session: onnxruntime.InferenceSession) -> dict[str, NDArray[np.float32]]:
    """Random input for each input; a batch that is left free is one.

    Raises:
        ModelError: an input is not float32, or its size is not fixed.
    """
    feeds = {}
    for one in session.get_inputs():
        shape = [1 if i == 0 and not isinstance(n, int) else n for i, n in enumerate(one.shape)]
        if one.type != "tensor(float)" or not all(isinstance(n, int) for n in shape):
            raise ModelError(
                f"input {one.name} is {one.type} {one.shape}: a latency needs float32 of fixed size"
            )
        feeds[one.name] = np.random.default_rng(0).random(shape, dtype=np.float32)
    return feeds


def _kernel(
    args: Mapping[str, Any],
    node: onnx.NodeProto | None,
    constants: Mapping[str, tuple[int, ...]],
    true_channels: tuple[int, int] | None,
) -> Kernel:
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
    window = tuple(_attribute(node, "kernel_shape", ()))
    if node.op_type in CONVOLUTIONS and node.input[1] in constants:
        window = constants[node.input[1]][2:]
    groups = int(_attribute(node, "group", 1))
    if _attribute(node, "channels_last", 0) or node.op_type.startswith("Nhwc"):
        inputs = tuple(_channels_first(shape) for shape in inputs)
        output = _channels_first(output)
    if true_channels is not None:
        if groups > 1 and groups == output[1]:
            groups = true_channels[1]
        first = inputs[0]
        inputs = ((first[0], true_channels[0], *first[2:]), *inputs[1:])
        output = (output[0], true_channels[1], *output[2:])
    return Kernel(
        operator=f"nchwc.{node.op_type}" if node.domain == NCHWC else node.op_type,
        kernel=window,
        stride=tuple(_attribute(node, "strides", ())),
        groups=groups,
        inputs=inputs,
        output=output,
        activation=_attribute(node, "activation", b"").decode(),
        variant=_variant(node),
    )


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], shape[-1], *shape[1:-1]) if len(shape) > 2 else shape


def _variant(node: onnx.NodeProto) -> str:
    if node.op_type == "Transpose":
        return ",".join(map(str, _attribute(node, "perm", ())))
    if node.op_type in ("Resize", "Upsample"):
        mode: bytes = _attribute(node, "mode", b"nearest")
        return mode.decode()
    return ""


def _shapes(described: list[dict[str, list[int]]]) -> tuple[tuple[int, ...], ...]:
    """From `[{"float": [1, 3, 8, 8]}, ...]`."""
    return tuple(tuple(dims) for one in described for dims in one.values())


def _attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    for attribute in node.attribute:
        if attribute.name == name:
            return onnx.helper.get_attribute_value(attribute)
    return default


def _is_blocked(graph: onnx.GraphProto) -> bool:
    return any(node.domain == NCHWC for node in graph.node)
