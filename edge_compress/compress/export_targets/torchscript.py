"""TorchScript, for programs that run libtorch."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, ClassVar

import torch

from edge_compress.bundle.schema import ExtraFormat
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export_targets.base import (
    ExportTarget,
    ExportTargetError,
    example_of,
    first_line,
)
from edge_compress.compress.export_targets.torch_file import TorchFile
from edge_compress.inference.session import Session


class TorchScript(ExportTarget):
    """What `torch.jit.trace` records. It returns a tuple of the head's outputs.

    torch calls it deprecated in favour of torch.export and does not support it on Python 3.14;
    `torch.jit.load` and libtorch's `torch::jit::load` read it.
    """

    format: ClassVar[ExtraFormat] = "torchscript"
    file: ClassVar[str] = "model.torchscript.pt"

    def write(self, candidate: Candidate, path: Path) -> None:
        """Trace the module and save it.

        Raises:
            ExportTargetError: when it cannot be traced.
        """
        traced: Any
        try:
            with warnings.catch_warnings(), torch.no_grad():
                # Of every shape that is taken for fixed, which is what is wanted, and of its age.
                warnings.simplefilter("ignore")
                example = (example_of(candidate),)
                traced = torch.jit.trace(candidate.module, example, check_trace=False)
                torch.jit.save(traced, str(path))
        except (RuntimeError, TypeError, ValueError) as error:
            raise ExportTargetError(f"torchscript: cannot trace: {first_line(error)}") from error

    def open(self, path: Path, candidate: Candidate) -> Session:
        """Load it with `torch.jit.load`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded: Any = torch.jit.load(str(path))
        return TorchFile(loaded, candidate)
