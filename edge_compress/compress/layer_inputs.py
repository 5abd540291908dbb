"""What the layers of a model are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from edge_compress.compress.candidate import Candidate


def input_shapes(candidate: Candidate, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The shape of each layer's input for one frame; a layer that is never called is not there."""
    shapes: dict[str, tuple[int, ...]] = {}

    def see(name: str, given: Tensor) -> None:
        shapes.setdefault(name, tuple(given.shape))

    spec = candidate.input
    with watched(candidate.module, names, see):
        run(candidate.module, torch.zeros(1, 3, spec.height, spec.width))
    return shapes


@contextmanager
def watched(
    module: nn.Module, names: Sequence[str], see: Callable[[str, Tensor], None]
) -> Iterator[None]:
    """Call `see` with the name and the input of each of these layers whenever one is called."""

    def hook(name: str, _: nn.Module, inputs: tuple[Any, ...]) -> None:
        see(name, inputs[0])

    handles = [
        module.get_submodule(name).register_forward_pre_hook(partial(hook, name)) for name in names
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def run(module: nn.Module, images: Tensor) -> None:
    """One forward pass in eval mode, without gradients; the mode is then as it was."""
    training = module.training
    device = next(module.parameters(), torch.zeros(0)).device
    try:
        with torch.no_grad():
            module.eval()(images.to(device))
    finally:
        module.train(training)
