"""Training of weights that lie on grids, kept only where it mends something."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Literal

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.parameter import tunable
from edge_compress.compress.target import reaches
from edge_compress.compress.training.hooks import Hooks
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train
from edge_compress.compress.weight_grids.on_grid import Method, freeze_grids

if TYPE_CHECKING:
    from edge_compress.compress.pass_base import Context


class GridTuning(StrictModel):
    """Whether and how quantized weights are trained (quantization-aware training).

    Weights and grids that keep moving each other never settle, hence the freezing: Krishnamoorthi,
    arXiv:1806.08342, section 3.2.1.
    """

    when: Literal["never", "below_budget", "always"] = tunable(
        "below_budget",
        description="`below_budget`: when the quality on the frames to choose by falls by more "
        "than the budget's `max_drop`",
    )
    method: Method = tunable(
        "straight_through",
        search=("straight_through", "learned_step"),
        description="grids follow the weights, or are trained by the loss; what later passes "
        "train is trained so as well",
    )
    schedule: Schedule = Schedule(epochs=6, learning_rate=1e-3)
    freeze_batch_norm_after: int | None = tunable(
        3, ge=0, description="epochs after which batch norm's statistics stay; null: never"
    )
    freeze_grids_after: int | None = tunable(
        4, ge=0, description="epochs after which steps and levels stay; null: never"
    )

    def hooks(self) -> Hooks:
        """What is frozen in time."""
        return Hooks(before_epoch=self._freeze)

    def _freeze(self, epoch: int, module: nn.Module) -> None:
        if self.freeze_batch_norm_after is not None and epoch >= self.freeze_batch_norm_after:
            for part in module.modules():
                if isinstance(part, _BatchNorm):
                    part.eval()
        if self.freeze_grids_after is not None and epoch >= self.freeze_grids_after:
            freeze_grids(module)


def tuned(candidate: Candidate, how: GridTuning, context: Context, what: str) -> Candidate:
    """The candidate, trained on its grids where `how` asks for it and where that helps.

    Args:
        candidate: its weights lie on grids, and its layers are marked so; left as it is.
        how: when, and how long.
        context: of the pass.
        what: the progress bar's text.

    Raises:
        PassFailed: when gradients cannot reach the model, or training diverges.
    """
    if how.when == "never":
        return candidate
    before, least = context.quality(candidate), context.least_quality
    if how.when == "below_budget" and reaches(before, least):
        return candidate
    student = candidate.with_module(copy.deepcopy(candidate.module))
    train(student, lessons_for(student, context), how.schedule, context, what, hooks=how.hooks())
    after = context.quality(student)
    mended = after > before
    told = "kept" if mended else "not kept"
    context.progress.note(
        f"{what}: quality {before:.3f} -> {after:.3f} of {least:.3f} wanted: {told}"
    )
    return student if mended else candidate
