"""What can be known of a candidate; each kind is only gathered when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.pass_base import Context
from edge_compress.compress.pruning.activations import Inflow, inflows
from edge_compress.compress.pruning.gradients import gradients, some
from edge_compress.compress.training.lessons import Lessons
from edge_compress.compress.training.objective import StudentLoss
from edge_compress.compress.training.trainer import lessons_for

BATCH = 16


@dataclass(frozen=True)
class Material:
    """The frames to learn from at a model's input size, for all steps of one pass.

    Attributes:
        start: the candidate that the pass was given.
        context: of the pass.
    """

    start: Candidate
    context: Context

    @cached_property
    def lessons(self) -> Lessons:
        """Frames with what is known of them.

        Raises:
            PassFailed: when no gradient passes the model's head.
        """
        return lessons_for(self.start, self.context)

    @cached_property
    def pictures(self) -> Lessons:
        """Frames alone, which any model can be shown."""
        known = self.__dict__.get("lessons")
        if known is not None:
            return known  # type: ignore[no-any-return]
        spec, task = self.start.input, self.start.task
        return Lessons(self.context.learn, None, spec, task, labels=False)


@dataclass(frozen=True)
class Evidence:
    """Of one candidate, from some of the frames.

    Attributes:
        candidate: whose parts are judged.
        material: where the frames come from.
        frames: how many of them are looked at.
    """

    candidate: Candidate
    material: Material
    frames: int

    @cached_property
    def loss(self) -> StudentLoss:
        """Of the candidate in a training."""
        return StudentLoss(self.candidate, self.material.lessons.teacher)

    @cached_property
    def gradients(self) -> dict[str, Tensor]:
        """Of the loss by each layer's weight, by the layer's name."""
        return gradients(
            self.candidate,
            self.material.lessons,
            frames=self.frames,
            batch_size=BATCH,
            seed=self.material.context.seed,
        )

    @cached_property
    def inflows(self) -> dict[str, Inflow]:
        """What each layer is given, by its name."""
        batches = some(self.material.pictures, self.frames, BATCH, self.material.context.seed)
        return inflows(self.candidate.module, (batch.images for batch in batches))
