"""A torch module where a detector expects an inference session."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


class TorchSession:
    """Runs a module in eval mode, so that both sides of a comparison share one detector."""

    provider = "torch"

    def __init__(self, module: nn.Module, output_names: tuple[str, ...]) -> None:
        self._module = module.eval()
        self.output_names = output_names
        parameter = next(module.parameters(), torch.zeros(0))
        self._device = parameter.device

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run one batch, float32 [n, 3, height, width]."""
        with torch.no_grad():
            outputs = self._module(torch.from_numpy(tensor).to(self._device))
        return [value.cpu().numpy() for value in outputs]

    def close(self) -> None:
        """Nothing to free."""
