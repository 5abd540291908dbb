"""Any module as one that returns a tuple of tensors."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


class TupleOutput(nn.Module):
    """Returns what the module inside returns, always as a tuple; a mapping in its own order."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:  # noqa: D102
        result = self.module(images)
        if isinstance(result, Tensor):
            return (result,)
        return tuple(result.values() if isinstance(result, Mapping) else result)
