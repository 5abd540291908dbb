"""Replace layers by two or three thin ones of low rank, where that is really faster."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Literal

from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.factorization.choose import (
    By,
    Chooser,
    Convolutions,
    Gain,
    Verdict,
    kind_for,
)
from edge_compress.compress.factorization.moments import Moments
from edge_compress.compress.factorization.observe import observe
from edge_compress.compress.footage_source import FootageError
from edge_compress.compress.layer_inputs import input_shapes
from edge_compress.compress.layer_names import LayerPatternError, matching
from edge_compress.compress.parameter import tunable
from edge_compress.compress.pass_base import Context, Pass, PassFailed
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train

KINDS = (nn.Linear, nn.Conv2d)
_SHOWN = 3


class Factorize(Pass):
    """Low rank: SVD of linear layers, channel, spatial or Tucker-2 decomposition of convolutions.

    Fewer multiplications are not less time, since two thin layers move more data than one: 16
    channels of 3x3 at rank 12 take 0.83x the work and measured 1.3x the time. Each layer is
    therefore timed in the runtime, and keeps its factors only where they win. Grouped and depthwise
    convolutions are left alone. Zhang et al., arXiv:1505.06798; Jaderberg et al., arXiv:1405.3866;
    Kim et al., arXiv:1511.06530; by activations: Wang et al., "SVD-LLM", arXiv:2403.07378.
    """

    kind: Literal["factorize"] = "factorize"
    by: By = tunable(
        "energy",
        search=("energy", "parameters", "full_rank", "latency"),
        description="what `share` is a share of: `energy` (Σσ², what the layer still says), the "
        "layer's `parameters`, its `full_rank`, or its `latency` as measured; the rank is the "
        "smallest that holds the energy, or the largest that takes no more of the others",
    )
    share: float = tunable(
        0.95, gt=0, lt=1, search=(0.2, 0.99), description="what stays of what `by` names"
    )
    rank: int | None = tunable(
        None, ge=1, description="one rank for every layer instead of `by` and `share`, not rounded"
    )
    convolutions: Convolutions = tunable(
        "channel",
        search=("channel", "spatial", "tucker"),
        description="kxk to r channels, then 1x1; kx1 then 1xk; or 1x1, kxk, 1x1",
    )
    by_activations: bool = tunable(
        True, description="keep what the frames to learn from excite, not what the weights hold"
    )
    frames: int = tunable(256, gt=0, description="frames to watch the activations on")
    keep: Gain | None = tunable(
        None,
        description="a layer keeps its factors where they are `faster`, or where they are only "
        "`smaller`; unset: as `target.optimize` says",
    )
    include: tuple[str, ...] = tunable((), description="shell-style patterns of layers; all")
    exclude: tuple[str, ...] = tunable((), description="shell-style patterns of layers left alone")
    recovery: Schedule | None = tunable(None, description="training afterwards; none when unset")

    @property
    def replaces_layers(self) -> bool:
        """A layer's factors have names of their own."""
        return True

    def check(self, candidate: Candidate, context: Context) -> None:
        """See that the patterns fit layers and that there are frames to watch.

        Raises:
            LayerPatternError: for a pattern that fits no layer.
            FootageError: when there is nothing to watch.
        """
        matching(candidate.module, self.include, self.exclude, KINDS)
        if self.by_activations and len(context.learn) == 0:
            raise FootageError(
                "factorize: there are no frames to watch activations on; give `data.learn` at "
                "least one, or set `by_activations: false`"
            )

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with thin layers where they win.

        Raises:
            PassFailed: when no layer gains by it, or the model cannot be trained.
        """
        student = candidate.with_module(copy.deepcopy(candidate.module))
        verdicts = self._verdicts(student, context)
        kept = 0
        for name, verdict in verdicts.items():
            context.progress.note(
                f"{name}: {'' if verdict.factors else 'left as it is: '}{verdict.why}"
            )
            if verdict.factors is not None:
                _replace(student.module, name, verdict.factors)
                kept += 1
        if not kept:
            shown = [f"{name}: {verdict.why}" for name, verdict in list(verdicts.items())[:_SHOWN]]
            more = f"; and {len(verdicts) - _SHOWN} more" if len(verdicts) > _SHOWN else ""
            raise PassFailed(f"no layer gains by low rank: {'; '.join(shown)}{more}")
        if self.recovery is not None:
            lessons = lessons_for(student, context)
            train(student, lessons, self.recovery, context, "recover")
        return student

    def _verdicts(self, student: Candidate, context: Context) -> Mapping[str, Verdict]:
        module = student.module
        try:
            names = matching(module, self.include, self.exclude, KINDS)
        except LayerPatternError as error:  # an earlier pass has changed the names
            raise PassFailed(str(error)) from error
        shapes = input_shapes(student, names)
        kinds = {
            name: kind
            for name in names
            # What is never called, such as a projection inside attention, has no input.
            if (kind := kind_for(module.get_submodule(name), self.convolutions)) and name in shapes
        }
        if not kinds:
            raise PassFailed("there is no linear layer and no convolution of one group")
        moments: Mapping[str, tuple[Moments, ...]] = {}
        if self.by_activations:
            frames = context.learn.spread(self.frames)
            moments = observe(student, kinds, frames, context.progress, seed=context.seed)
        gain: Gain = self.keep or ("smaller" if context.target.optimize == "size" else "faster")
        chooser = Chooser(self.by, self.share, self.rank, gain, context.target)
        verdicts = {}
        for name, kind in context.progress.track(kinds.items(), "take layers apart", len(kinds)):
            layer = module.get_submodule(name)
            assert isinstance(layer, KINDS)
            taken = kind(layer, moments.get(name))
            verdicts[name] = chooser.judge(layer, taken, shapes[name])
        return verdicts


def _replace(module: nn.Module, name: str, factors: nn.Module) -> None:
    """Put the factors in the layer's place, wherever the same layer is used."""
    layer = module.get_submodule(name)
    aliases = [n for n, m in module.named_modules(remove_duplicate=False) if m is layer]
    for alias in aliases:
        module.set_submodule(alias, factors)
