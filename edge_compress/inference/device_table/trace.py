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
from numpy.typing import NDArray

from edge_compress.inference.device_table.events import attribute, is_blocked, kernel_of
from edge_compress.inference.device_table.kernel import Kernel
from edge_compress.inference.device_table.runtime import BASIC, EXTENDED, load, random_feeds
from edge_compress.inference.onnxruntime_session import session_options

_SUFFIX = "_kernel_time"
_RENAMED = "_nchwc"  # what the runtime adds to an output's name for a node that it moves to blocks
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
        self._model = _named(model)
        options = session_options(threads)
        if not blocked:
            options.graph_optimization_level = EXTENDED
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(self._folder.name) / "profile")
        self._optimized = Path(self._folder.name) / "optimized.onnx"
        options.optimized_model_filepath = str(self._optimized)
        try:
            self._session = load(self._model, options)
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
        true_channels = self._true_channels() if is_blocked(graph) else {}
        constants = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
        found: dict[str, tuple[dict[str, Any], list[float]]] = {}
        for event in events:
            name = event.get("name", "")
            if event.get("cat") == "Node" and name.endswith(_SUFFIX):
                _, times = found.setdefault(name.removesuffix(_SUFFIX), (event["args"], []))
                times.append(event["dur"] / 1000 + _CUT_MS)
        return [
            Timed(
                kernel_of(args, nodes.get(name), constants, true_channels.get(name)),
                self._by_run(times),
            )
            for name, (args, times) in found.items()
        ]

    def _by_run(self, times: list[float]) -> NDArray[np.float64]:
        """Milliseconds in each run that counts; a kernel inside of a loop runs several times."""
        runs = len(self._counted)
        each = len(times) // runs
        if each * runs != len(times):  # a branch that is not always taken
            return np.asarray([sum(times) / runs])
        by_run: NDArray[np.float64] = np.asarray(times).reshape(runs, each).sum(axis=1)
        return by_run[self._counted]

    def _true_channels(self) -> Mapping[str, tuple[int, int]]:
        """Channels in and out of each convolution before the runtime pads them to whole blocks.

        A convolution in blocks is named after the output of the one that was there before, or of
        the activation that was fused into it.
        """
        options = session_options(1)
        options.graph_optimization_level = BASIC
        plain = Path(self._folder.name) / "plain.onnx"
        options.optimized_model_filepath = str(plain)
        load(self._model, options)
        graph = onnx.load(plain, load_external_data=False).graph
        dims = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
        channels = {
            node.output[0]: (weight[1] * attribute(node, "group", 1), weight[0])
            for node in graph.node
            if node.op_type == "Conv" and (weight := dims.get(node.input[1]))
        }
        names = {}
        for node in graph.node:
            source = node.output[0] if node.op_type == "Conv" else next(iter(node.input), "")
            if source in channels:
                names[node.output[0] + _RENAMED] = channels[source]
        return names


def _named(model: Path | bytes) -> Path | bytes:
    """The model with a name for each node, by which the profiler's events are found again."""
    try:
        read = onnx.load_from_string(model) if isinstance(model, bytes) else onnx.load(model)
    except Exception:  # noqa: BLE001 -- the runtime says better what is wrong with it
        return model
    names = [node.name for node in read.graph.node]
    if len(set(names)) == len(names) and all(names):
        return model
    for i, node in enumerate(read.graph.node):
        node.name = f"{node.op_type}_{i}"
    return read.SerializeToString()
