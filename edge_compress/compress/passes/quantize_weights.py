"""Weights of few bits, computed with in float: a smaller file, and the same speed."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, cast

from pydantic import model_validator
from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import constrain, constraint_of, restore
from edge_compress.compress.footage_source import FootageError
from edge_compress.compress.layer_names import LayerPatternError, matching
from edge_compress.compress.parameter import tunable
from edge_compress.compress.pass_base import Context, Pass, PassFailed
from edge_compress.compress.weight_grids.bias_correction import correct_biases
from edge_compress.compress.weight_grids.ends import first_and_last
from edge_compress.compress.weight_grids.fine_tune import GridTuning, tuned
from edge_compress.compress.weight_grids.mixed import Mixed, shared_bits
from edge_compress.compress.weight_grids.on_grid import OnGrid
from edge_compress.compress.weight_grids.rule import BITS, GridRule, Scale, Scheme

STAGES = (8, 6, 4, 3, 2)
END_BITS = 8
FEWEST = {"symmetric": 2, "affine": 1, "levels": 1}
DEFAULT_BITS = {"symmetric": 8, "affine": 8, "levels": 2}
Rules = Mapping[str, GridRule]


class QuantizeWeights(Pass):
    """Put the weights on grids of 1 to 8 bits, and train them there if accuracy suffers.

    The file stores the bits, and the runtime unpacks them into float32 when it opens it: 8 bits
    take a quarter of the room, binary weights 1/30, and nothing runs faster or slower. For INT8
    arithmetic use `quantize`. Layers stay on their grids through all later passes.

    Schemes: `symmetric` q round(w / q) (Krishnamoorthi, arXiv:1806.08342); `affine` with a zero
    point (Jacob et al., arXiv:1712.05877); `levels` by k-means, four with 2 bits (Han et al.,
    arXiv:1510.00149); `ternary` (Li et al., arXiv:1605.04711); `binary` with a scale (Rastegari et
    al., arXiv:1603.05279). Lowering bits in stages: Zhou et al., arXiv:1702.03044, and Zhuang et
    al., arXiv:1711.00205.
    """

    kind: Literal["quantize_weights"] = "quantize_weights"
    scheme: Scheme = tunable(
        "symmetric",
        search=("symmetric", "affine", "levels", "ternary", "binary"),
        description="how the values that a weight may take are spaced",
    )
    bits: int | None = tunable(
        None,
        ge=1,
        le=8,
        search=(2, 8),
        description="of a weight; unset: 8, or 2 for `levels`; ternary has 2 and binary 1",
    )
    per_channel: bool = tunable(True, description="values of its own for each output channel")
    scale: Scale = tunable(
        "least_error",
        search=("max", "least_error"),
        description="of even grids: none of the weights is clipped, or the squared error is least",
    )
    include: tuple[str, ...] = tunable((), description="shell-style patterns of layers; all")
    exclude: tuple[str, ...] = tunable((), description="shell-style patterns of layers left alone")
    first_and_last: Literal["same", "eight_bits", "float"] = tunable(
        "eight_bits",
        search=("same", "eight_bits"),
        description="the layer that sees the image and those that give the outputs, which bear "
        "few bits worst",
    )
    progressive: bool = tunable(
        False, description="go down by 8, 6, 4, 3 and 2 bits, with fine-tuning at each"
    )
    mixed: Mixed | None = tunable(
        None, description="bits for each layer by what it can bear, instead of `bits`"
    )
    bias_correction: bool = tunable(
        True, description="take out of the biases what rounding shifts the outputs by on average"
    )
    frames: int = tunable(64, gt=0, description="frames for the bias correction")
    fine_tune: GridTuning = GridTuning()

    @model_validator(mode="after")
    def _bits_fit_the_scheme(self) -> QuantizeWeights:
        only = BITS.get(self.scheme)
        if only is not None and self.mixed is not None:
            raise ValueError(f"`mixed`: {self.scheme} weights have {only} bits and no other number")
        if only is not None and self.bits not in (None, only):
            raise ValueError(f"`bits`: {self.scheme} weights have {only}; leave it out")
        if self.mixed is not None and self.bits is not None:
            raise ValueError("`bits`: `mixed` chooses them; leave it out")
        fewest = FEWEST.get(self.scheme, 1)
        asked = self.mixed.choices if self.mixed is not None else (self.bits or fewest,)
        if min(asked) < fewest or max(asked) > END_BITS:
            raise ValueError(
                f"{'`mixed.choices`' if self.mixed else '`bits`'}: {self.scheme} weights have "
                f"{fewest} to 8 bits; for one bit use `scheme: binary`"
            )
        if self.progressive and self.fine_tune.when == "never":
            raise ValueError("`progressive` fine-tunes between: `fine_tune.when` must not be never")
        return self

    def check(self, candidate: Candidate, context: Context) -> None:
        """See that the patterns fit layers, that some are left, and that there are frames.

        Raises:
            LayerPatternError: for a pattern that fits no layer.
            FootageError: when there is nothing to measure the shift of the outputs on.
            PassFailed: when only first and last layers are left.
        """
        self._layers(candidate)
        if self.bias_correction and len(context.learn) == 0:
            raise FootageError(
                "quantize_weights: there are no frames to correct biases by; give `data.learn` at "
                "least one, or set `bias_correction: false`"
            )

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with weights of few bits.

        Raises:
            PassFailed: when no layer is left to quantize, or the model cannot be trained.
        """
        student = candidate.with_module(copy.deepcopy(candidate.module))
        rules = self._rules(student, context)
        context.progress.note(_summary(student.module, rules))
        for stage in self._stages(rules):
            student = self._placed(student, stage, context)
        return student

    def _layers(self, candidate: Candidate) -> tuple[list[str], list[str]]:
        """Names of the layers that get `bits`, and of the ends that do not."""
        names = matching(candidate.module, self.include, self.exclude)
        ends = set() if self.first_and_last == "same" else first_and_last(candidate)
        inner = [name for name in names if name not in ends]
        if not inner:
            raise PassFailed(
                "there is no convolution or linear layer but the first and the last; "
                "set `first_and_last: same` to quantize them like any other"
            )
        return inner, [name for name in names if name in ends]

    def _rules(self, student: Candidate, context: Context) -> Rules:
        try:
            inner, ends = self._layers(student)
        except LayerPatternError as error:  # an earlier pass has changed the names
            raise PassFailed(str(error)) from error
        eight = GridRule("symmetric", END_BITS, self.per_channel)
        rules = dict.fromkeys(ends if self.first_and_last == "eight_bits" else (), eight)
        if self.mixed is None:
            return rules | dict.fromkeys(inner, self._rule(self._bits))
        choices = {bits: self._rule(bits) for bits in sorted(set(self.mixed.choices))}
        return rules | shared_bits(self.mixed, student, choices, inner, context)

    @property
    def _bits(self) -> int:
        return self.bits or BITS.get(self.scheme) or DEFAULT_BITS[self.scheme]

    def _rule(self, bits: int) -> GridRule:
        return GridRule(self.scheme, bits, self.per_channel, self.scale)

    def _stages(self, rules: Rules) -> Iterator[Rules]:
        """What each layer is at in turn; one that has come down to its bits stays there."""
        fewest = min(rule.bits for rule in rules.values())
        for bits in STAGES if self.progressive else ():
            if bits > fewest:
                even: Scheme = "affine" if self.scheme == "affine" else "symmetric"
                between = GridRule(even, bits, self.per_channel, self.scale)
                yield {n: between if rule.bits < bits else rule for n, rule in rules.items()}
        yield rules

    def _placed(self, before: Candidate, rules: Rules, context: Context) -> Candidate:
        """The candidate with its weights on these grids, trained if they need it."""
        floats = before.with_module(copy.deepcopy(before.module))
        for name in rules:  # what an earlier stage has learnt is more than what it rounded to
            layer = floats.module.get_submodule(name)
            mark = constraint_of(layer, OnGrid)
            if mark is not None:
                weight = cast("nn.Parameter", layer.weight).data
                weight.copy_(mark.beginning(weight))
        student = before.with_module(copy.deepcopy(floats.module))
        for name, rule in rules.items():
            layer = student.module.get_submodule(name)
            constrain(layer, OnGrid(rule, layer, self.fine_tune.method))
        restore(student.module)
        if self.bias_correction:
            student = self._corrected(student, floats, list(rules), context)
        fewest = min(rule.bits for rule in rules.values())
        return tuned(student, self.fine_tune, context, f"fine-tune at {fewest} bits")

    def _corrected(
        self, student: Candidate, floats: Candidate, names: Sequence[str], context: Context
    ) -> Candidate:
        """The candidate with other biases, unless that does harm, as it may with a bit or two."""
        corrected = student.with_module(copy.deepcopy(student.module))
        correct_biases(corrected, floats, names, context.learn.spread(self.frames))
        before, after = context.quality(student), context.quality(corrected)
        told = "kept" if after >= before else "not kept"
        context.progress.note(f"bias correction: quality {before:.3f} -> {after:.3f}: {told}")
        return corrected if after >= before else student


def _summary(module: nn.Module, rules: Rules) -> str:
    sizes = {n: cast("nn.Parameter", module.get_submodule(n).weight).numel() for n in rules}
    total = sum(parameter.numel() for parameter in module.parameters())
    average = sum(sizes[n] * rule.bits for n, rule in rules.items()) / sum(sizes.values())
    share = sum(sizes.values()) / total
    return f"{len(rules)} layers with {share:.0%} of the parameters at {average:.1f} bits a weight"
