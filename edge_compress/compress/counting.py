"""Parameters and multiply-accumulates of a module, whole and by layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.record import LayerRow


def params_and_macs(module: nn.Module, spec: InputSpec) -> tuple[int, int]:
    """Count parameters, and multiply-accumulates for one frame.

    Convolutions and matrix products are counted, as is the field's habit; element-wise work is not.
    """
    params = sum(p.numel() for p in module.parameters())
    counter = FlopCounterMode(display=False)
    with _inference(module), counter:
        module(_frame(module, spec))
    return params, counter.get_total_flops() // 2


def layers(module: nn.Module, spec: InputSpec) -> list[LayerRow]:
    """One row for each leaf module with parameters, in the order of execution."""
    rows: list[LayerRow] = []
    leaves = {
        name: leaf
        for name, leaf in module.named_modules()
        if not list(leaf.children()) and list(leaf.parameters())
    }
    counter = FlopCounterMode(display=False)
    before: dict[str, int] = {}
    hooks = []
    for name, leaf in leaves.items():

        def start(_: nn.Module, __: Any, name: str = name) -> None:
            before[name] = counter.get_total_flops()

        def finish(leaf: nn.Module, _: Any, output: Any, name: str = name) -> None:
            shape = tuple(output.shape) if isinstance(output, Tensor) else ()
            rows.append(
                LayerRow(
                    name=name,
                    kind=type(leaf).__name__,
                    params=sum(p.numel() for p in leaf.parameters()),
                    macs=(counter.get_total_flops() - before[name]) // 2,
                    output_shape=shape,
                )
            )

        hooks += [leaf.register_forward_pre_hook(start), leaf.register_forward_hook(finish)]
    try:
        with _inference(module), counter:
            module(_frame(module, spec))
    finally:
        for hook in hooks:
            hook.remove()
    return rows


def _frame(module: nn.Module, spec: InputSpec) -> Tensor:
    first = next(module.parameters(), torch.zeros(0))
    return torch.zeros(1, 3, spec.height, spec.width, device=first.device)


@contextmanager
def _inference(module: nn.Module) -> Iterator[None]:
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        module.train(training)
