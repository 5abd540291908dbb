"""A file judged like the candidate that it was exported from."""

from __future__ import annotations

from pathlib import Path

import torch
from digits import Cnn, accuracy, trained

from edge_compress.compress.export import export_fp32
from edge_compress.compress.onnx_module import OnnxModule


def test_a_file_answers_as_its_module_in_batches(tmp_path: Path) -> None:
    candidate = trained(Cnn)
    path = tmp_path / "model.onnx"
    export_fp32(candidate, path)
    module = OnnxModule(path)
    images = torch.rand(5, 3, 28, 28)
    with torch.no_grad():
        expected = candidate.module(images)[0]
    (found,) = module(images)
    assert torch.allclose(found, expected, atol=1e-5)
    assert accuracy(candidate.with_module(module)) == accuracy(candidate)
