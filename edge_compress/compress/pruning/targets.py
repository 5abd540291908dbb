"""How far a pass cuts: what is measured, and the fewest parts that must go for it."""

from __future__ import annotations

import functools
import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.export import export
from edge_compress.compress.pass_base import Context
from edge_compress.compress.pruning.weights import count_nonzero

Measure = Literal["macs", "params", "size", "latency"]
Pace = Literal["geometric", "cubic"]
Meter = Callable[[Candidate], float]  # the candidate's cost as a share of what it was at first


def meter(measure: Measure, start: Candidate, context: Context) -> Meter:
    """What tells how much is left of a candidate, as a share of `start`.

    - ``macs``, ``params``: counted.
    - ``size``: of the float file that is exported.
    - ``latency``: timed in ONNX Runtime with the target's threads, in turns with `start`.
    """
    if measure == "latency":
        return lambda candidate: context.latency_ratio(candidate, start)
    place = ("params", "macs").index(measure) if measure != "size" else None

    def cost(candidate: Candidate) -> int:
        if place is None:
            return file_size(candidate, context)
        return params_and_macs(candidate.module, candidate.input)[place]

    whole = functools.cache(lambda: cost(start))
    return lambda candidate: cost(candidate) / whole()


def channel_meter(roots: Sequence[str], start: Candidate) -> Meter:
    """The share of output channels that is left of some layers."""
    whole = sum(output_channels(start.module, root) for root in roots)
    return lambda candidate: sum(output_channels(candidate.module, r) for r in roots) / whole


def output_channels(module: nn.Module, name: str) -> int:
    """How many outputs a convolution or linear layer has."""
    layer = module.get_submodule(name)
    return layer.out_features if isinstance(layer, nn.Linear) else int(layer.out_channels)  # type: ignore[arg-type]


def file_size(candidate: Candidate, context: Context) -> int:
    """Bytes of the candidate's float file, as a bundle would hold it."""
    with tempfile.TemporaryDirectory(prefix="edge_compress-") as folder:
        plain = replace(candidate, quantization=None)
        files = export(plain, Path(folder), context.learn.subset(range(1)))
        return files["fp32"].stat().st_size


def compared(before: Candidate, after: Candidate) -> str:
    """What has become of a model, in one line."""
    (old_params, old_macs), (params, macs) = (
        params_and_macs(one.module, one.input) for one in (before, after)
    )
    nonzero = count_nonzero(after)
    zeros = f" ({nonzero} of them not zero)" if nonzero < params else ""
    left = f"{params / old_params:.0%} of the parameters{zeros}, {macs / old_macs:.0%} of the macs"
    return f"pruned to {left}"


def share_at(keep: float, step: int, steps: int, pace: Pace) -> float:
    """What is to be left after a step of an iterative cut.

    ``geometric`` takes the same share of what is left each time; ``cubic`` takes much at first and
    little at the end: Zhu and Gupta, "To prune, or not to prune", arXiv:1710.01878.

    Args:
        keep: what is left at the end, 0-1.
        step: 1 to `steps`.
        steps: how many there are.
        pace: how they are spread.
    """
    if pace == "geometric":
        return float(keep ** (step / steps))
    return 1 - (1 - keep) * (1 - (1 - step / steps) ** 3)


def fewest(most: int, enough: Callable[[int], bool]) -> int | None:
    """The smallest number from 0 to `most` that is enough, by bisection; None when none is."""
    if not enough(most):
        return None
    low, high = -1, most
    while high - low > 1:
        middle = math.floor((low + high) / 2)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
