"""A torch file as a session, for comparing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edge_compress.compress.candidate import Candidate


class TorchFile:
    """Runs a function of torch's, that returns a tuple of tensors, on numpy arrays."""

    provider = "torch"

    def __init__(self, function: Callable[[torch.Tensor], Any], candidate: Candidate) -> None:
        spec = candidate.input
        self.input_name = spec.name
        self.input_shape: tuple[int | None, ...] = (1, 3, spec.height, spec.width)
        self.output_names = candidate.output_names
        self._function = function

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Run one frame, float32 [1, 3, height, width]."""
        with torch.no_grad():
            outputs = self._function(torch.from_numpy(tensor))
        return [value.numpy() for value in outputs]

    def close(self) -> None:
        """Nothing to free."""
