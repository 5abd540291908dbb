"""An ExportedProgram, for what compiles torch's graphs: AOTInductor, ExecuTorch and others."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import torch
from torch import nn

from edge_compress.bundle.schema import ExtraFormat
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export_fp32
from edge_compress.compress.export_targets.base import (
    ExportTarget,
    ExportTargetError,
    example_of,
    first_line,
)
from edge_compress.compress.export_targets.torch_file import TorchFile
from edge_compress.compress.models.onnx_file import read_onnx
from edge_compress.compress.models.onnx_import import import_onnx
from edge_compress.inference.session import Session


class ExportedProgram(ExportTarget):
    """The graph of ATen operators that `torch.export` captures; `torch.export.load` reads it."""

    format: ClassVar[ExtraFormat] = "exported_program"
    file: ClassVar[str] = "model.pt2"

    def write(self, candidate: Candidate, path: Path) -> None:
        """Capture the module and save it.

        A module whose Python computes shapes or looks at values cannot be captured as it is; what
        its ONNX export has made of it can.

        Raises:
            ExportTargetError: when neither can be captured.
        """
        example = (example_of(candidate),)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            try:
                program = torch.export.export(candidate.module, example)
            except Exception:  # noqa: BLE001 - dynamo's errors have no common base
                try:
                    program = torch.export.export(_by_way_of_onnx(candidate), example)
                except Exception as error:
                    raise ExportTargetError(
                        f"exported_program: torch.export cannot capture it: {first_line(error)}"
                    ) from error
            torch.export.save(program, path)

    def open(self, path: Path, candidate: Candidate) -> Session:
        """Load it with `torch.export.load`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return TorchFile(torch.export.load(path).module(), candidate)


def _by_way_of_onnx(candidate: Candidate) -> nn.Module:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export_fp32(candidate, path)
        return import_onnx(read_onnx(path), candidate.input).eval()
