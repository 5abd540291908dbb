"""The layers whose channels are the model's outputs."""

from __future__ import annotations

import torch_pruning
from torch import nn

WEIGHTED = (nn.Conv2d, nn.Linear, nn.ConvTranspose2d)


def final_layers(graph: torch_pruning.DependencyGraph) -> list[nn.Module]:
    """Convolutions and linear layers that no other such layer comes after."""
    return [
        layer
        for layer, node in graph.module2node.items()
        if isinstance(layer, WEIGHTED) and not _leads_to_weights(node)
    ]


def _leads_to_weights(node: torch_pruning.dependency.Node) -> bool:
    ahead, seen = list(node.outputs), set()
    while ahead:
        after = ahead.pop()
        if isinstance(after.module, WEIGHTED):
            return True
        if after not in seen:
            seen.add(after)
            ahead.extend(after.outputs)
    return False
