"""A model file as a torch module, so that what judges a candidate can judge its files."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from edge_compress.inference.onnxruntime_session import OrtSession


class OnnxModule(nn.Module):
    """Runs an exported file in ONNX Runtime, frame by frame; it cannot be trained or saved.

    Args:
        path: a graph with a fixed batch of one.
        threads: of the runtime.
        optimize: False runs the graph as it is written, for a file that is made for another
            runtime, whose kernels this one does not have.
    """

    def __init__(self, path: Path, *, threads: int = 1, optimize: bool = True) -> None:
        super().__init__()
        self._session = OrtSession(path, threads=threads, optimize=optimize)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Map float32 [n, 3, height, width] to the outputs, each [n, ...]."""
        rows = [self._session.run(image[None].numpy()) for image in images.detach().cpu()]
        return tuple(
            torch.cat([torch.from_numpy(row[i]) for row in rows]) for i in range(len(rows[0]))
        )
