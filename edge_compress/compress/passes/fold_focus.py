"""Fold a Focus stem (space to depth, then a convolution) into one convolution. Exact."""

from __future__ import annotations

import copy
from typing import Literal, NamedTuple

import torch
from torch import fx, nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.models.static_ops import StaticSlice
from edge_compress.compress.pass_base import Context, Pass, PassFailed


class FoldFocus(Pass):
    """Replace four strided slices, their concatenation and a k x k convolution by one of 2k x 2k.

    YOLOX and YOLOv5 begin with this stem; the slices are slow everywhere and the convolution of
    them computes the same as a larger one of stride 2 on the image itself. Nothing is approximated.
    """

    kind: Literal["fold_focus"] = "fold_focus"

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with the folded stem.

        Raises:
            PassFailed: when the model has no such stem.
        """
        module: nn.Module = copy.deepcopy(candidate.module)
        stem = _find(module) if isinstance(module, fx.GraphModule) else None
        if stem is None or not isinstance(module, fx.GraphModule):
            raise PassFailed("the model does not begin with slices of every second pixel")
        module.set_submodule(str(stem.node.target), _folded(stem.conv, stem.offsets))
        stem.node.args = (stem.image,)
        module.graph.eliminate_dead_code()
        module.delete_all_unused_submodules()
        module.recompile()
        return candidate.with_module(module)


class _Stem(NamedTuple):
    """A Focus stem; each of the four parts begins at a pixel (row, column)."""

    image: fx.Node
    node: fx.Node
    conv: nn.Conv2d
    offsets: list[tuple[int, int]]


def _find(module: fx.GraphModule) -> _Stem | None:
    modules = dict(module.named_modules())
    image = next(n for n in module.graph.nodes if n.op == "placeholder")
    for node in module.graph.nodes:
        conv = modules.get(str(node.target)) if node.op == "call_module" else None
        if not isinstance(conv, nn.Conv2d) or not _plain(conv) or len(node.args) != 1:
            continue
        parts = node.args[0].all_input_nodes
        offsets = [_offset(part, image, modules) for part in parts]
        known = [offset for offset in offsets if offset is not None]
        if len(known) == len(offsets) == 4 and len(set(known)) == 4:
            return _Stem(image, node, conv, known)
    return None


def _plain(conv: nn.Conv2d) -> bool:
    """Whether the convolution steps pixel by pixel over all channels and keeps the size."""
    same = tuple(k // 2 for k in conv.kernel_size)
    return (
        conv.stride == (1, 1)
        and conv.groups == 1
        and conv.dilation == (1, 1)
        and (conv.padding == same and all(k % 2 for k in conv.kernel_size))
    )


def _offset(node: fx.Node, image: fx.Node, modules: dict[str, nn.Module]) -> tuple[int, int] | None:
    """The pixel at which a chain of slices by 2 begins; None when it is something else."""
    rows: list[int] = []
    columns: list[int] = []
    while node is not image:
        module = modules.get(str(node.target)) if node.op == "call_module" else None
        if not isinstance(module, StaticSlice):
            return None
        for axis, part in enumerate(module.slices):
            if part.step in (None, 1) and part.start in (None, 0):
                continue
            if axis not in (2, 3) or part.step != 2 or part.start not in (None, 0, 1):
                return None
            (rows if axis == 2 else columns).append(part.start or 0)
        node = node.all_input_nodes[0]
    return (rows[0], columns[0]) if len(rows) == len(columns) == 1 else None


def _folded(conv: nn.Conv2d, offsets: list[tuple[int, int]]) -> nn.Conv2d:
    """The convolution on the image that does what `conv` did on the four parts."""
    height, width = (2 * k for k in conv.kernel_size)
    channels = conv.in_channels // len(offsets)
    weight = torch.zeros(conv.out_channels, channels, height, width)
    for place, (row, column) in enumerate(offsets):
        part = conv.weight.detach()[:, place * channels : (place + 1) * channels]
        weight[:, :, row::2, column::2] = part
    folded = nn.Conv2d(
        channels,
        conv.out_channels,
        (height, width),
        stride=2,
        padding=(height // 2 - 1, width // 2 - 1),
        bias=conv.bias is not None,
    )
    folded.weight = nn.Parameter(weight)
    folded.bias = conv.bias
    return folded
