"""A torch module where a detector expects an inference session."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from edge_compress.compress.candidate import Candidate


class TorchSession:
    """Runs a module in eval mode, so that both sides of a comparison share one detector."""

    provider = "torch"

    def __init__(self, candidate: Candidate) -> None:
        spec = candidate.input
        self.input_name = spec.name
        self.input_shape: tuple[int | None, ...] = (None, 3, spec.height, spec.width)
        self.output_names = candidate.output_names
        self._module = candidate.module.eval()
        self._device = next(self._module.parameters(), torch.zeros(0)).device

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run one batch, float32 [n, 3, height, width]."""
        with torch.no_grad():
            outputs = self._module(torch.from_numpy(tensor).to(self._device))
        return [value.cpu().numpy() for value in outputs]

    def close(self) -> None:
        """Nothing to free."""
