"""Learn from labels: a first model from nothing, or a given one on the robot's own data."""

from __future__ import annotations

import copy
from typing import Literal

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage_source import FootageError
from edge_compress.compress.pass_base import Aim, Context, Pass
from edge_compress.compress.training.hooks import Hooks
from edge_compress.compress.training.penalties import Sparsity
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train


class Train(Pass):
    """Supervised training, with penalties that make it ready to be pruned where asked.

    The weights that are kept are those of the epoch that is best on the validation frames; the
    held-out frames are never looked at. What comes out is what later passes learn from and are
    judged by. A detector's loss: Ge et al., arXiv:2107.08430 (assignment), Li et al.,
    arXiv:2006.04388 (scores).
    """

    kind: Literal["train"] = "train"
    schedule: Schedule = Schedule(epochs=30, batch_size=64, keep_best=True)
    sparsity: Sparsity | None = None

    @property
    def aim(self) -> Aim:
        """No speed is gained by learning."""
        return "accuracy"

    @property
    def teaches(self) -> bool:
        """What was trained is the new measure of all things."""
        return True

    def check(self, candidate: Candidate, context: Context) -> None:
        """See that there are labels.

        Raises:
            FootageError: when nobody labelled the data.
        """
        if context.learn.truth is None:
            raise FootageError(
                f"{context.learn.name}: a `train` pass needs labels; give `data.format` of a "
                "labelled data set, or use `distill`, which learns from the original"
            )
        if self.sparsity is not None:
            self.sparsity.check(candidate.module)

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with trained weights.

        Raises:
            PassFailed: for a head that no gradient passes, or when training diverges.
        """
        student = candidate.with_module(copy.deepcopy(candidate.module))
        lessons = lessons_for(student, context, "labels")
        hooks = self.sparsity.hooks(student.module) if self.sparsity is not None else Hooks()
        train(student, lessons, self.schedule, context, "train", hooks=hooks)
        return student
