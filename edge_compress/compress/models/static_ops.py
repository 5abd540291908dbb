"""Torch modules that stand in for ONNX nodes whose parameters are constants of the graph.

onnx2torch keeps slices, shapes and scales as tensors that are read at every call. As plain Python
numbers they can be traced, trained through and exported by either exporter of torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn


class StaticSlice(nn.Module):
    """``x[slices]`` along the leading axes."""

    def __init__(self, slices: Sequence[slice]) -> None:
        super().__init__()
        self.slices = tuple(slices)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        return x[self.slices]

    def extra_repr(self) -> str:  # noqa: D102
        return ", ".join(f"{s.start}:{s.stop}:{s.step}" for s in self.slices)


class Copied(NamedTuple):
    """A size that is taken from the input's axis."""

    axis: int


class StaticReshape(nn.Module):
    """A reshape whose sizes are numbers, -1, or copied from the input (such as the batch)."""

    def __init__(self, sizes: Sequence[int | Copied]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        return x.reshape([x.shape[s.axis] if isinstance(s, Copied) else s for s in self.sizes])

    def extra_repr(self) -> str:  # noqa: D102
        return ", ".join(f"in[{s.axis}]" if isinstance(s, Copied) else str(s) for s in self.sizes)


def freed_sizes(baked: Sequence[int], given: Sequence[int], made: Sequence[int]) -> StaticReshape:
    """A reshape that does what `baked` did, at any batch and, where it can be told, any image size.

    Args:
        baked: the constant of the ONNX node; 0 copies the input's axis, -1 is inferred.
        given: the input's shape when the whole graph ran at the size it was made for.
        made: the output's shape then.
    """
    sizes: list[int | Copied] = [Copied(i) if s == 0 else s for i, s in enumerate(baked)]
    if sizes[0] == given[0] == made[0]:
        sizes[0] = Copied(0)  # the batch
    spatial = given[2:] if len(given) == 4 else ()
    if spatial and len(sizes) > 1 and sizes[1] == given[1] == made[1]:
        sizes[1] = Copied(1)  # the channels, of which a later pass may keep fewer
    if spatial and -1 not in sizes:
        if tuple(made[-2:]) == tuple(spatial):
            sizes[-2:] = [Copied(2), Copied(3)]
        else:
            first = 2 if isinstance(sizes[1], Copied) else 1  # there may be as many channels
            if (cells := spatial[0] * spatial[1]) in made[first:]:
                sizes[made.index(cells, first)] = -1
    return StaticReshape(sizes)


class StaticResize(nn.Module):
    """Resize the two spatial axes by fixed factors."""

    def __init__(self, factors: tuple[float, float], mode: str, align_corners: bool | None) -> None:
        super().__init__()
        self.factors = factors
        self.mode = mode
        self.align_corners = align_corners

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        return torch.nn.functional.interpolate(
            x, scale_factor=self.factors, mode=self.mode, align_corners=self.align_corners
        )

    def extra_repr(self) -> str:  # noqa: D102
        return f"factors={self.factors}, mode={self.mode!r}"
