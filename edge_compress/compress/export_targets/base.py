"""What every export target is: a file that is written, and read back to see that it computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from edge_compress.bundle.schema import ExtraFormat
from edge_compress.compress.candidate import Candidate
from edge_compress.errors import EdgeCompressError
from edge_compress.inference.session import Session


class ExportTargetError(EdgeCompressError):
    """A model cannot be written for a target; the message says why and what to do."""


class ExportTarget(ABC):
    """One format: float32, a batch of one, input and outputs as of the ONNX file.

    Attributes:
        format: its name in recipe and manifest.
        file: its name in the bundle.
    """

    format: ClassVar[ExtraFormat]
    file: ClassVar[str]

    def check(self) -> None:  # noqa: B027
        """See before any long work whether this machine can write it.

        Raises:
            ExportTargetError: with what to install.
        """

    @abstractmethod
    def write(self, candidate: Candidate, path: Path) -> None:
        """Write the candidate's module, which is in eval mode.

        Raises:
            ExportTargetError: when the converter cannot.
        """

    @abstractmethod
    def open(self, path: Path, candidate: Candidate) -> Session:
        """Read the file back, to compare what it computes."""


def example_of(candidate: Candidate) -> Tensor:
    """An input of zeros, float32 [1, 3, height, width]."""
    return torch.zeros(1, 3, candidate.input.height, candidate.input.width)


def first_line(error: Exception) -> str:
    """The kind of an error and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
