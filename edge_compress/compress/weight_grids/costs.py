"""What it costs to round one layer alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from scipy.optimize import Bounds, LinearConstraint, milp
from torch import Tensor, nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.progress import Progress
from edge_compress.compress.weight_grids.rows import as_rows, channel_axis, from_rows
from edge_compress.compress.weight_grids.rule import GridRule
from edge_compress.vision.preprocess import preprocess

BATCH = 64
Measure = Callable[[Candidate], float]


def layer_costs(
    candidate: Candidate,
    names: Sequence[str],
    rules: Sequence[GridRule],
    cost: Measure,
    progress: Progress,
) -> dict[str, dict[int, float]]:
    """Round the layers one at a time, and look what that does to the model.

    Dong et al., arXiv:1911.03852, ask the Hessian; measuring needs no assumption, and a layer and
    its neighbours are few.

    Args:
        candidate: its module is changed for the while, and is then as it was.
        names: of the layers.
        rules: to try on each; no two with the same bits.
        cost: of a candidate, by the whole one; 0 is none.
        progress: shows where it is, and may cancel.

    Returns:
        The cost for each layer's name and number of bits.
    """
    found: dict[str, dict[int, float]] = {}
    for name in progress.track(names, "round layer by layer", len(names)):
        layer = candidate.module.get_submodule(name)
        weight = cast("nn.Parameter", layer.weight)
        whole = weight.data
        try:
            found[name] = {}
            for rule in rules:
                weight.data = rounded(layer, rule)
                found[name][rule.bits] = cost(candidate)
                weight.data = whole
        finally:
            weight.data = whole
    return found


def rounded(layer: nn.Module, rule: GridRule) -> Tensor:
    """The layer's weight on the grid that the rule makes for it; zeros stay where they are."""
    weight = cast("nn.Parameter", layer.weight).detach()
    axis = channel_axis(layer) if rule.per_channel else None
    rows = as_rows(weight, axis)
    projected = rule.fit(rows).project(rows).masked_fill(rows == 0, 0.0)
    return from_rows(projected, weight, axis)


def output_error(candidate: Candidate, frames: Frames) -> Measure:
    """A cost: the noise power at the raw outputs by the power of the outputs as they are now.

    The sum over the outputs, in which 0.01 is an SQNR of 20 dB; needs no label, and changes
    smoothly where accuracy does not change at all.
    """
    inputs = [torch.from_numpy(preprocess(frame, candidate.input)[0]) for frame in frames]
    batches = torch.cat(inputs).split(BATCH)
    wanted = [_outputs(candidate, batch) for batch in batches]
    power = [sum(_power(outputs[i]) for outputs in wanted) for i in range(len(wanted[0]))]

    def cost(changed: Candidate) -> float:
        noise = [0.0] * len(power)
        for batch, exact in zip(batches, wanted, strict=True):
            for i, output in enumerate(_outputs(changed, batch)):
                noise[i] += _power(output - exact[i])
        return sum(n / p for n, p in zip(noise, power, strict=True) if p > 0)

    return cost


def _outputs(candidate: Candidate, images: Tensor) -> Sequence[Tensor]:
    with torch.no_grad():
        outputs: Sequence[Tensor] = candidate.module.eval()(images)
    return outputs


def _power(values: Tensor) -> float:
    return float(values.double().square().sum())


def cheapest(
    costs: Mapping[str, Mapping[int, float]], sizes: Mapping[str, int], average: float
) -> dict[str, int]:
    """Bits for each layer, of the least summed cost within the budget.

    Costs add up nearly enough, so that this is a knapsack with several choices for each layer,
    solved exactly: Cai et al., "ZeroQ", arXiv:2001.00281, section 3.2; Yao et al., "HAWQ-V3",
    arXiv:2011.10680, section 3.4.

    Args:
        costs: of `layer_costs`.
        sizes: elements of each layer's weight.
        average: bits an element may take on average, not below the fewest that all layers may have.

    Returns:
        Bits by the layer's name.
    """
    options = [
        (name, bits, cost) for name, choices in costs.items() for bits, cost in choices.items()
    ]
    one_each = np.array([[name == of for of, _, _ in options] for name in costs], dtype=float)
    taken = np.array([[bits * sizes[name] for name, bits, _ in options]], dtype=float)
    total = sum(sizes[name] for name in costs)
    solved = milp(
        [cost for _, _, cost in options],
        integrality=np.ones(len(options)),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(one_each, 1, 1),
            LinearConstraint(taken / total, ub=average),
        ],
    )
    if solved.x is None:
        raise ValueError(f"no choice of bits takes {average} on average: {solved.message}")
    return {
        name: bits
        for (name, bits, _), chosen in zip(options, solved.x, strict=True)
        if chosen > 0.5
    }
