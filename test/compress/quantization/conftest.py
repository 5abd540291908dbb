"""A small detector-like network with a sensitive layer, and footage for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edge_compress.bundle.schema import InputSpec, YoloxHead
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export_fp32
from edge_compress.compress.footage import Frames


class TinyNet(nn.Module):
    """Stem, depthwise and pointwise convolutions with SiLU, then two prediction convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.depthwise = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.pointwise = nn.Conv2d(16, 32, 1)
        self.dense = nn.Conv2d(32, 32, 3, padding=1)
        self.boxes = nn.Conv2d(32, 4, 1)
        self.scores = nn.Conv2d(32, 3, 1)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
        x = nn.functional.silu(self.stem(images))
        x = nn.functional.silu(self.depthwise(x))
        x = nn.functional.silu(self.pointwise(x))
        x = x + nn.functional.silu(self.dense(x))
        out = torch.cat([self.boxes(x), torch.sigmoid(self.scores(x))], 1)
        return (out.flatten(2).transpose(1, 2),)


@pytest.fixture
def candidate() -> Candidate:
    torch.manual_seed(0)
    spec = InputSpec(height=32, width=48, scale=1 / 255)
    labels = ("a", "b")
    return Candidate(TinyNet().eval(), spec, YoloxHead(strides=(2,)), labels, "detection")


@pytest.fixture
def frames() -> Frames:
    rng = np.random.default_rng(0)
    return Frames.of([rng.integers(0, 256, (32, 48, 3), dtype=np.uint8) for _ in range(12)])


@pytest.fixture
def fp32(candidate: Candidate, tmp_path: Path) -> Path:
    path = tmp_path / "model.fp32.onnx"
    export_fp32(candidate, path)
    return path
