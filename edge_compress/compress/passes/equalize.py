"""Give the channels of neighbouring layers like ranges, so that one scale fits them all."""

from __future__ import annotations

import copy
from typing import Literal

import torch
from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import restore
from edge_compress.compress.equalization.pairs import Found, find_pairs
from edge_compress.compress.equalization.scale import channel_precision, equalize
from edge_compress.compress.models.fold_batch_norm import fold_batch_norm
from edge_compress.compress.models.layer_graph import LayerGraph, NotTraceable, layer_graph
from edge_compress.compress.pass_base import Aim, Context, Pass, PassFailed, tunable
from edge_compress.vision.preprocess import preprocess

PARITY_FRAMES = 4
LARGEST_DIFFERENCE = 1e-4  # of the output's largest magnitude


class Equalize(Pass):
    """Scale a channel down where it leaves a layer and up where it enters the next. Exact.

    ReLU, LeakyReLU, pooling and no activation at all let a positive scale through, so that the
    model computes the same from weights and activations that 8 bits with one scale a tensor hold
    well. Depthwise convolutions gain most. It prepares for `quantize`, also with a scale for each
    channel of the weights: activations still have one for all. Batch norm is folded on the way.
    Nagel et al., arXiv:1906.04721, section 4.1.

    SiLU, hard-swish and sigmoid do not let scales through. Nor does ReLU6, which becomes a ReLU
    where the frames to choose by say that this does no harm (section 5.1.1 there).
    """

    kind: Literal["equalize"] = "equalize"
    relu6: Literal["replace", "keep"] = tunable(
        "replace", description="ReLU6 becomes ReLU, if that does no harm, or ends the search"
    )
    max_relu6_drop: float = tunable(
        0.005, ge=0, le=1, description="what replacing ReLU6 may cost of the quality, 0-1"
    )

    @property
    def aim(self) -> Aim:
        """Nothing is gained before the model is quantized."""
        return "structure"

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with other weights that compute the same.

        Raises:
            PassFailed: when torch.fx cannot read the model, no two layers can share scales, or
                the weights must stay on a grid.
        """
        result = candidate.with_module(copy.deepcopy(candidate.module).eval())
        try:
            fold_batch_norm(result.module)
            layers = layer_graph(result.module)
        except NotTraceable as error:
            raise PassFailed(str(error)) from error
        found = find_pairs(layers)
        pairs = found.pairs
        if any(pair.clipped for pair in pairs) and not self._unclip(found, layers, result, context):
            pairs = [pair for pair in pairs if not pair.clipped]
        if not pairs:
            raise PassFailed(_nothing_found(found))
        base = copy.deepcopy(result.module)
        before = channel_precision(pairs)
        equalize(pairs)
        after = channel_precision(pairs)
        if after <= before:
            raise PassFailed(
                f"the channels have like ranges already: they use {before:.0%} of them on average"
            )
        if moved := restore(result.module):
            raise PassFailed(
                f"the weights of {moved[0]} must stay on a grid, which scaling breaks; put "
                "`equalize` before the pass that put them there"
            )
        _check(result, base, context)
        context.progress.note(
            f"equalized {len(pairs)} layers: channels use {after:.0%} of the "
            f"ranges, {before:.0%} before"
        )
        return result

    def _unclip(
        self, found: Found, layers: LayerGraph, candidate: Candidate, context: Context
    ) -> bool:
        """Put ReLU in place of the ReLU6 between pairs; whether that did no harm."""
        if self.relu6 == "keep":
            return False
        names = sorted({name for pair in found.pairs for name in pair.clipped})
        clipped = {name: layers.root.get_submodule(name) for name in names}
        before = context.quality(candidate)
        for name in names:
            layers.root.set_submodule(name, nn.ReLU())
        after = context.quality(candidate)
        harmless = after >= before - self.max_relu6_drop
        if not harmless:
            for name, layer in clipped.items():
                layers.root.set_submodule(name, layer)
        told = "replaced" if harmless else "stays, and its layers are not equalized"
        context.progress.note(f"ReLU6 {told}: as ReLU, quality {before:.3f} -> {after:.3f}")
        return harmless


def _nothing_found(found: Found) -> str:
    told = ", ".join(name for name, _ in found.obstacles.most_common(3)) or "nothing"
    clipped = " (and ReLU6)" if found.pairs else ""
    return (
        "no layer's channels can be scaled in the next one's stead: only ReLU, LeakyReLU, pooling "
        f"or nothing may stand between, but what follows is {told}{clipped}; "
        "a `replace_activation` pass puts ReLU in"
    )


def _check(result: Candidate, base: nn.Module, context: Context) -> None:
    for frame in context.learn[:PARITY_FRAMES]:
        tensor = torch.from_numpy(preprocess(frame, result.input)[0])
        with torch.no_grad():
            outputs = zip(base(tensor), result.module(tensor), strict=True)
            for wanted, got in outputs:
                scale = wanted.abs().max().clamp(min=1e-6)
                if not ((wanted - got).abs().max() / scale <= LARGEST_DIFFERENCE):
                    raise PassFailed(
                        "scaling the channels changed what the model computes: its weights "
                        "differ too much in size for float32"
                    )
