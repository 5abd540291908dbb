"""What inner layers compute, seen from outside."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from edge_compress.compress.layer_names import LayerPatternError, fits

_SHOWN = 5


def layers_named(module: nn.Module, pattern: str, key: str) -> list[str]:
    """Names of all layers, of any kind, that a shell-style pattern means, in the module's order.

    Raises:
        LayerPatternError: when there is none; the message names the key and layers that are near.
    """
    names = [name for name, _ in module.named_modules() if name]
    found = [name for name in names if fits(module, name, pattern)]
    if not found:
        near = difflib.get_close_matches(pattern, names, n=_SHOWN, cutoff=0.4) or names[:_SHOWN]
        raise LayerPatternError(
            f"`{key}`: {pattern!r} fits no layer; there are {', '.join(near)} "
            f"({len(names)} layers in all)"
        )
    return found


@contextmanager
def captured(module: nn.Module, names: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Inside, a dict is filled with the output of each named layer, as it leaves the layer.

    Of a layer that is called several times the last call counts; of several outputs the first. The
    hooks are gone on leaving, so that a module is never copied or saved together with them.
    """
    outputs: dict[str, Tensor] = {}

    def keep(name: str, output: Any) -> None:
        tensor = output if isinstance(output, Tensor) else next(iter(output))
        outputs[name] = tensor.clone()  # what comes next may work in place

    with ExitStack() as hooks:
        for name in names:
            layer = module.get_submodule(name)
            handle = layer.register_forward_hook(
                lambda _module, _inputs, output, name=name: keep(name, output)
            )
            hooks.callback(handle.remove)
        yield outputs
