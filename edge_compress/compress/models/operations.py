"""What a module computes, operation by operation, whatever its weights are."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from typing import Any

import torch

from edge_compress.compress.candidate import Candidate

# Work on fewer values is not split among threads, so that they are the same bits in every run.
COMPARED_VALUES = 32768
# Inputs of an operation before those that say how the machine is set up, such as cuDNN's flags.
_SETTLED = {"aten::_convolution": 9}


def operations(candidate: Candidate) -> list[str]:
    """A line for each operation of the forward pass: its name, its settings, and what it reads.

    It comes from the calls that are made, not from what they give: sums are rounded one way or
    another with the number of threads, and the lines stay the same. Other comments and other places
    of the code leave them the same, too.

    Returns:
        Nothing where torch cannot trace the module.
    """
    spec = candidate.input
    example = torch.zeros(1, 3, spec.height, spec.width)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of every shape that is taken for fixed
            candidate.module(example)  # grids and the like, of another size until now
            traced: Any = torch.jit.trace(candidate.module, (example,), check_trace=False)
    except Exception:  # noqa: BLE001  a user's code may raise anything; it does run without a trace
        return []
    return list(_lines(traced.inlined_graph, {}))


def _lines(block: Any, names: dict[str, str]) -> Iterator[str]:
    """Of a graph, or of a branch in it. Values get numbers, since torch's names are not stable."""
    for node in block.nodes():
        if node.kind() == "prim::Constant":
            names[node.output().debugName()] = _constant(node.output().toIValue())
            continue
        read = [_name(value, names) for value in node.inputs()][: _SETTLED.get(node.kind())]
        own = node.s("name") if node.kind() == "prim::GetAttr" else ""
        for value in node.outputs():
            _name(value, names)
        yield f"{node.kind()} {own}({', '.join(read)})"
        for inner in node.blocks():
            yield from _lines(inner, names)
    yield f"return {', '.join(_name(value, names) for value in block.outputs())}"


def _name(value: Any, names: dict[str, str]) -> str:
    return names.setdefault(value.debugName(), f"%{len(names)}")


def _constant(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return told(value)
    known = isinstance(value, bool | int | float | complex | str | list | tuple | torch.device)
    return repr(value) if known or value is None else type(value).__name__


def told(tensor: torch.Tensor) -> str:
    """Type and shape of a tensor, and a hash of its values where they are the same in every run."""
    shape = f"{tensor.dtype} {tuple(tensor.shape)}"
    if tensor.numel() > COMPARED_VALUES:
        return shape
    content = tensor.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy().tobytes()
    return f"{shape} {hashlib.sha256(content).hexdigest()}"
