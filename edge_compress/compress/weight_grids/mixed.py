"""Bits chosen for each layer by what it can bear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, cast

from torch import nn

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.parameter import tunable
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.weight_grids.costs import Measure, cheapest, layer_costs, output_error
from edge_compress.compress.weight_grids.rule import GridRule

if TYPE_CHECKING:
    from edge_compress.compress.pass_base import Context

BITS_OF_FLOAT = 32
BITS_OF_A_BYTE = 8


class Mixed(StrictModel):
    """How many bits the layers share."""

    average_bits: float | None = tunable(
        None,
        ge=1,
        le=8,
        search=(2, 8),
        description="a weight takes, over all layers that are quantized; unset: what "
        "`target.budget.size_mb` leaves",
    )
    choices: tuple[int, ...] = tunable(
        (2, 3, 4, 6, 8), min_length=2, description="bits that a layer may have"
    )
    by: Literal["outputs", "quality"] = tunable(
        "outputs",
        search=("outputs", "quality"),
        description="what a layer costs: the error of the raw outputs, or of the quality that is "
        "budgeted, which takes longer and is coarse on few frames",
    )
    frames: int = tunable(16, gt=0, description="frames to measure the outputs on")


def shared_bits(
    mixed: Mixed,
    candidate: Candidate,
    rules: Mapping[int, GridRule],
    names: Sequence[str],
    context: Context,
) -> dict[str, GridRule]:
    """The rule for each layer that keeps the average and costs least.

    Args:
        mixed: the budget.
        candidate: its module is changed for the while, and is then as it was.
        rules: to choose from, by bits.
        names: of the layers.
        context: of the pass; layers are judged on its frames to choose by.

    Raises:
        PassFailed: when there is no budget, or none that the fewest bits keep.
    """
    sizes = {
        name: cast("nn.Parameter", candidate.module.get_submodule(name).weight).numel()
        for name in names
    }
    average = mixed.average_bits or _what_the_size_leaves(candidate, sizes, context)
    if average < min(rules):
        raise PassFailed(
            f"`mixed`: the budget leaves {average:.2f} bits a weight, the least of `choices` is "
            f"{min(rules)}"
        )
    measures = {"outputs": _by_outputs, "quality": _by_quality}
    cost = measures[mixed.by](mixed, candidate, context)
    costs = layer_costs(candidate, names, list(rules.values()), cost, context.progress)
    bits = cheapest(costs, sizes, average)
    taken = sum(bits[name] * sizes[name] for name in names) / sum(sizes.values())
    layers = [sum(value == choice for value in bits.values()) for choice in rules]
    told = ", ".join(f"{n} with {choice}" for n, choice in zip(layers, rules, strict=True) if n)
    context.progress.note(f"{taken:.2f} bits on average: layers {told} bits")
    return {name: rules[bits[name]] for name in names}


def _by_outputs(mixed: Mixed, candidate: Candidate, context: Context) -> Measure:
    return output_error(candidate, context.validation.spread(mixed.frames))


def _by_quality(mixed: Mixed, candidate: Candidate, context: Context) -> Measure:
    whole = context.quality(candidate)
    return lambda changed: max(0.0, whole - context.quality(changed))


def _what_the_size_leaves(
    candidate: Candidate, sizes: Mapping[str, int], context: Context
) -> float:
    megabytes = context.target.budget.size_mb
    if megabytes is None:
        raise PassFailed("`mixed` needs `average_bits`, or a `target.budget.size_mb`")
    weights = sum(sizes.values())
    rest = sum(p.numel() for p in candidate.module.parameters()) - weights
    return (megabytes * 1e6 * BITS_OF_A_BYTE - rest * BITS_OF_FLOAT) / weights
