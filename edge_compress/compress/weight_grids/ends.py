"""The first and the last weighted layers, which bear few bits worst."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch_pruning

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.layer_inputs import input_shapes
from edge_compress.compress.layer_names import matching
from edge_compress.compress.models.final_layers import final_layers


def first_and_last(candidate: Candidate) -> set[str]:
    """Names of the layer that is run first, and of those that no other weighted one follows."""
    module = candidate.module
    names = matching(module)
    ends = set(list(input_shapes(candidate, names))[:1])
    last = _last_layers(candidate)
    return ends | {name for name in names if module.get_submodule(name) in last}


def _last_layers(candidate: Candidate) -> Sequence[torch.nn.Module]:
    spec = candidate.input
    example = torch.zeros(1, 3, spec.height, spec.width)
    graph = torch_pruning.DependencyGraph().build_dependency(candidate.module, example)
    return final_layers(graph)
