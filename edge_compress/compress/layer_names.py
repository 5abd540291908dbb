"""Layers chosen by patterns of their names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.errors import EdgeCompressError

WEIGHTED: tuple[type[nn.Module], ...] = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
_SHOWN = 5


class LayerPatternError(EdgeCompressError):
    """A pattern fits no layer; the message names it and layers that there are."""


def matching(
    module: nn.Module,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    kinds: tuple[type[nn.Module], ...] = WEIGHTED,
) -> list[str]:
    """Names of the layers that the patterns leave, in the order of the module.

    Args:
        module: whose `named_modules` are looked through. The wrapper that makes every output a
            tuple puts `module.` before the names; a pattern may leave that out.
        include: shell-style patterns; all layers when empty.
        exclude: shell-style patterns of layers that are left out all the same.
        kinds: classes of the layers meant.

    Raises:
        LayerPatternError: for a pattern that fits no layer, or when no layer is left.
    """
    names = [name for name, layer in module.named_modules() if isinstance(layer, kinds)]
    wrapped = isinstance(module, TupleOutput)
    for key, patterns in (("include", include), ("exclude", exclude)):
        for pattern in patterns:
            if not any(_fits(name, pattern, wrapped) for name in names):
                raise LayerPatternError(
                    f"`{key}`: {pattern!r} fits no layer; {_told(names, pattern)}"
                )
    chosen = [
        name
        for name in names
        if (not include or any(_fits(name, pattern, wrapped) for pattern in include))
        and not any(_fits(name, pattern, wrapped) for pattern in exclude)
    ]
    if names and not chosen:
        raise LayerPatternError("`exclude` leaves no layer of those that `include` names")
    return chosen


def fits(module: nn.Module, name: str, pattern: str) -> bool:
    """Whether a pattern means the layer of this name."""
    return _fits(name, pattern, isinstance(module, TupleOutput))


def _fits(name: str, pattern: str, wrapped: bool) -> bool:
    short = name.removeprefix("module.") if wrapped else name
    return fnmatchcase(name, pattern) or fnmatchcase(short, pattern)


def _told(names: Sequence[str], pattern: str) -> str:
    if not names:
        return "the model has no layer of this kind"
    near = difflib.get_close_matches(pattern, names, n=_SHOWN, cutoff=0.5) or names[:_SHOWN]
    more = f" and {len(names) - len(near)} more" if len(names) > len(near) else ""
    return f"there are {', '.join(near)}{more}"
