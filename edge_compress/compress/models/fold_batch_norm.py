"""Batch norm as part of the layer before it, as every runtime does when it loads a model."""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn

from edge_compress.compress.models.layer_graph import LayerGraph, layer_graph

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
Foldable = nn.Conv2d | nn.ConvTranspose2d | nn.Linear


def fold_batch_norm(module: nn.Module) -> list[str]:
    """Fold each batch norm that follows a convolution or linear layer alone, in place.

    In eval mode both are affine in each channel, so that w' = w γ/σ and b' = (b - μ) γ/σ + β
    compute the same; an Identity stays in batch norm's place. Jacob et al., arXiv:1712.05877,
    section 3.2.

    Args:
        module: that torch.fx can read. Its statistics are taken as they are.

    Returns:
        The names of the batch norms that were folded.

    Raises:
        NotTraceable: when torch.fx cannot read it.
    """
    layers = layer_graph(module)
    folded = []
    for node, norm in list(layers.layers()):
        layer = _layer_before(layers, node)
        if layer is not None and isinstance(norm, _NORMS) and norm.track_running_stats:
            _fold(layer, norm)
            layers.root.set_submodule(str(node.target), nn.Identity())
            folded.append(layers.name(node))
    return folded


def _layer_before(layers: LayerGraph, node: fx.Node) -> Foldable | None:
    """The layer whose output goes to this node and nowhere else."""
    before = node.args[0] if node.args else None
    layer = layers.layer(before)
    if not isinstance(layer, Foldable) or not isinstance(before, fx.Node) or len(before.users) != 1:
        return None
    grouped = isinstance(layer, nn.ConvTranspose2d) and layer.groups > 1
    return None if grouped else layer


def _fold(layer: Foldable, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
    mean, variance = norm.running_mean, norm.running_var
    assert isinstance(mean, Tensor) and isinstance(variance, Tensor)
    with torch.no_grad():
        scale = torch.rsqrt(variance + norm.eps)
        if norm.weight is not None:
            scale = scale * norm.weight
        bias = -mean if layer.bias is None else layer.bias - mean
        bias = bias * scale
        if norm.bias is not None:
            bias = bias + norm.bias
        shape = [1] * layer.weight.dim()
        shape[1 if isinstance(layer, nn.ConvTranspose2d) else 0] = -1
        layer.weight.copy_(layer.weight * scale.view(shape))
        layer.bias = nn.Parameter(bias)
