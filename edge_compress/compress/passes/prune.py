"""Take away what matters least: channels, single weights, or weights in an n:m pattern."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, Literal

from pydantic import field_validator, model_validator

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.layer_names import LayerPatternError
from edge_compress.compress.parameter import tunable
from edge_compress.compress.pass_base import Context, Pass, PassFailed
from edge_compress.compress.pruning.blocks import Scope
from edge_compress.compress.pruning.channel_scores import check_judgeable
from edge_compress.compress.pruning.criteria import Importance
from edge_compress.compress.pruning.error import PruningError
from edge_compress.compress.pruning.evidence import BATCH, Evidence, Material
from edge_compress.compress.pruning.gradients import some
from edge_compress.compress.pruning.request import KEEP, Amount, contradiction, pattern_of
from edge_compress.compress.pruning.selection import cuttable, sparse_layers
from edge_compress.compress.pruning.statistics import reestimate
from edge_compress.compress.pruning.structured import ChannelCut
from edge_compress.compress.pruning.targets import (
    Measure,
    Pace,
    channel_meter,
    compared,
    meter,
    share_at,
)
from edge_compress.compress.pruning.unstructured import WeightCut
from edge_compress.compress.pruning.weights import count_nonzero, count_weights, count_zeros
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import train

_Cut = Callable[[Evidence, int], Candidate]


class Prune(Pass):
    """Structured, unstructured or N:M pruning, at once or in steps with recovery in between.

    Fewer channels are faster on every runtime. Those that hang together (residuals, concatenations,
    depthwise convolutions) go together: Fang et al., "DepGraph", arXiv:2301.12900. Single weights
    (Han et al., arXiv:1506.02626) make the file smaller, and nothing faster on dense kernels; 2:4
    (Mishra et al., arXiv:2104.08378) is also faster on GPUs since Ampere. Zeros stay zero in every
    training that follows. What each `importance` is: `pruning.criteria`, `pruning.channel_scores`.
    """

    kind: Literal["prune"] = "prune"
    granularity: str = tunable(
        "channels",
        description="`channels`, `weights` (anywhere), or a pattern such as '2:4' in quotes: 2 of "
        "every 4 neighbouring input channels stay",
        pattern=r"^(channels|weights|[1-9]\d*:[1-9]\d*)$",
        search=("channels", "weights"),
    )
    importance: Importance | None = tunable(
        None,
        search=("taylor", "l1", "l2", "activation"),
        description="what says that a part matters; unset: taylor for channels, else l1",
    )
    measure: Measure | None = tunable(
        None,
        search=("macs", "params"),
        description="what `keep` is a share of; unset: macs for channels, params for weights",
    )
    keep: float | None = tunable(
        None, gt=0, lt=1, search=(0.1, 0.9), description=f"share that stays; {KEEP} when unset"
    )
    sparsity: float | None = tunable(
        None, gt=0, lt=1, description="or: share of the chosen layers' channels or weights to go"
    )
    budget: int | None = tunable(
        None, ge=1, description="or: how many channels or weights stay, an L0 budget"
    )
    scope: Scope = tunable(
        "global",
        search=("global", "layer"),
        description="whether all layers compete, or each gives the same share",
    )
    include: tuple[str, ...] = tunable(
        (), description="shell-style patterns of layer names; all layers when empty"
    )
    exclude: tuple[str, ...] = tunable((), description="patterns of layers that stay whole")
    steps: int = tunable(4, ge=1, search=(1, 8), description="cuts, each followed by recovery")
    pace: Pace = tunable(
        "geometric",
        search=("geometric", "cubic"),
        description="each step takes the same share of what is left, or the first ones much more",
    )
    frames: int = tunable(64, ge=1, description="frames by which it is seen what matters")
    statistics_frames: int = tunable(
        256, ge=0, description="frames for batch norm's statistics after a cut; 0 leaves them"
    )
    recovery: Schedule | None = tunable(
        Schedule(epochs=2), description="training after each cut; null for none"
    )

    @field_validator("granularity", mode="before")
    @classmethod
    def _is_in_quotes(cls, value: Any) -> Any:
        if isinstance(value, int):  # YAML reads 2:4 as two minutes and four seconds
            raise ValueError(f"write the pattern in quotes: '{value // 60}:{value % 60}'")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Prune:
        fault = contradiction(self.granularity, self.importance, self._amount)
        if fault is not None:
            raise ValueError(fault)
        return self

    @property
    def _amount(self) -> Amount:
        return Amount(self.keep, self.sparsity, self.budget, self.measure)

    def check(self, candidate: Candidate, context: Context) -> None:
        """See that there are such layers, that they can be cut, and are as many as are to stay.

        Raises:
            LayerPatternError: for a pattern that fits no layer.
            PruningError: for layers that cannot be cut, or a budget that is no cut at all.
            PassFailed: for a model without what the criterion looks at.
        """
        self._cut(candidate, context)

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with less in it, trained after each cut.

        Raises:
            PassFailed: when this model cannot be cut that far, or cannot be trained.
        """
        student = candidate.with_module(copy.deepcopy(candidate.module))
        material = Material(student, context)
        try:
            cut = self._cut(candidate, context)
        except (LayerPatternError, PruningError) as error:  # an earlier pass has changed the layers
            raise PassFailed(str(error)) from error
        for step in range(1, self.steps + 1):
            student = cut(Evidence(student, material, self.frames), step)
            if self.statistics_frames:
                batches = some(material.pictures, self.statistics_frames, BATCH, context.seed)
                reestimate(student.module, (batch.images for batch in batches))
            if self.recovery is not None:
                what = f"recover {step}/{self.steps}"
                train(student, material.lessons, self.recovery, context, what)
        context.progress.note(compared(candidate, student))
        return student

    def _cut(self, candidate: Candidate, context: Context) -> _Cut:
        """What makes the smaller model of a step, from 1."""
        pattern = pattern_of(self.granularity)
        if self.granularity == "channels":
            return self._channels(candidate, context)
        names = sparse_layers(candidate, self.include, self.exclude, pattern[1] if pattern else 0)
        weights = WeightCut(names, self.importance or "l1", self.scope)
        if pattern is None:
            return self._weights(weights, candidate, context)
        n, m = pattern
        # Fewer and fewer of each m stay: Kao et al., arXiv:2209.07617.
        return lambda evidence, step: weights.shrink_to_pattern(
            evidence, m - math.ceil((m - n) * step / self.steps), m
        )

    def _channels(self, candidate: Candidate, context: Context) -> _Cut:
        importance, unit = self.importance or "taylor", context.target.channel_step
        check_judgeable(importance, candidate.module)
        groups = cuttable(candidate, self.include, self.exclude, unit)
        if not groups:
            raise PassFailed(f"the model has no layer of more than {unit} channels to cut")
        keep = self._amount.share(sum(group.channels for group in groups), "channels")
        channels = ChannelCut(groups, importance, self.scope, unit)
        left = meter(self.measure or "macs", candidate, context)
        if self._amount.counts_parts:
            left = channel_meter([group.root for group in groups], candidate)
        told = self._amount.asked("macs")
        return lambda evidence, step: channels.shrink(evidence, self._at(keep, step), left, told)

    def _weights(self, weights: WeightCut, candidate: Candidate, context: Context) -> _Cut:
        names = weights.names
        total, told = count_weights(candidate, names), self._amount.asked("params")
        keep = self._amount.share(total, "weights")
        if self.measure == "size":
            left = meter("size", candidate, context)
            return lambda e, step: weights.shrink_until(e, self._at(keep, step), left, told)
        # A share of the chosen layers' weights, or of all parameters that are not zero yet.
        parts = self._amount.counts_parts
        whole = total if parts else count_nonzero(candidate)
        gone = 0 if parts else count_zeros(candidate, names)
        return lambda evidence, step: weights.shrink(
            evidence, gone + round((1 - self._at(keep, step)) * whole), told
        )

    def _at(self, keep: float, step: int) -> float:
        return share_at(keep, step, self.steps, self.pace)
