"""In blocks of how many channels this CPU's runtime computes convolutions."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx

from edge_compress.inference.device_table.events import is_blocked
from edge_compress.inference.device_table.graph import Graph
from edge_compress.inference.device_table.runtime import load
from edge_compress.inference.onnxruntime_session import session_options


def channel_block() -> int:
    """How many channels this CPU's runtime lays side by side in convolutions; 1 without blocks."""
    graph = Graph(np.random.default_rng(0), (1, 4, 8, 8))
    model = graph.model(graph.conv(graph.input, 4, (1, 1)))
    with TemporaryDirectory(prefix="edge_compress-") as folder:
        options = session_options(1)
        options.optimized_model_filepath = str(Path(folder) / "optimized.onnx")
        load(model, options)
        written = onnx.load(options.optimized_model_filepath).graph
    if not is_blocked(written):
        return 1
    return max(tensor.dims[0] for tensor in written.initializer)
