"""What every pass is: a pydantic model with a `run` method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.parameter import tunable
from edge_compress.compress.quality import Examiner
from edge_compress.compress.stopwatch import latency_ratio

__all__ = ["Aim", "Context", "Pass", "PassFailed", "tunable"]

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.footage import Frames
    from edge_compress.compress.progress import Progress
    from edge_compress.compress.target import Target
    from edge_compress.compress.training.teacher import Teacher

Aim = Literal["speed", "accuracy", "structure"]


@dataclass(frozen=True)
class Context:
    """What a pass may use besides the candidate.

    Attributes:
        teacher: the model that is learnt from, and what it sees in the frames to learn from.
        learn: frames to learn from and calibrate on. Held-out frames are not here.
        validation: frames to choose by. Apart from `learn` where the recipe sets some apart, else
            some of them.
        target: the device and the budget.
        seed: of this pass; the same for the same recipe, whether or not a run was interrupted.
        progress: where to report.
        after_epoch: told of a student after each epoch of its training, with the share of the
            training that is over, 0-1. It may raise, to end a training that is not worth its time.
    """

    teacher: Teacher
    learn: Frames
    validation: Frames
    target: Target
    seed: int
    progress: Progress
    after_epoch: Callable[[Candidate, float], None] | None = None

    def quality(self, candidate: Candidate) -> float:
        """How good a candidate is on the frames to choose by, 0-1, computed by torch.

        Accuracy (a detector's AP50) where there are labels, else agreement with the teacher.
        """
        return self._examiner.quality(candidate)

    @property
    def least_quality(self) -> float:
        """The quality on the same frames that the budget allows, 0-1."""
        return self._examiner.quality(self.teacher.original) - self.target.budget.max_drop

    def latency_ratio(self, candidate: Candidate, base: Candidate) -> float:
        """Median latency of a candidate by another's, taken in turns in ONNX Runtime."""
        return latency_ratio(candidate, base, self.target)

    @cached_property
    def _examiner(self) -> Examiner:
        return Examiner(self.validation, self.teacher)


class Pass(StrictModel, ABC):
    """One step of a recipe: takes a model, returns a model, and leaves the one it got unchanged."""

    kind: str

    @property
    def aim(self) -> Aim:
        """What the pass must have gained to be kept.

        ``speed``: faster, or a smaller file; ``accuracy``: no worse than before; ``structure``:
        nothing, since it only prepares for a later pass.
        """
        return "speed"

    @property
    def teaches(self) -> bool:
        """Whether later passes learn from, and are judged by, the model that this one makes."""
        return False

    @property
    def replaces_layers(self) -> bool:
        """Whether layers have other names afterwards, so that later patterns cannot be checked."""
        return False

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that the result depends on, beside the recipe's model and data."""
        return ()

    def check(self, candidate: Candidate, context: Context) -> None:
        """See before any long work whether the parameters fit the recipe's model and data.

        The model may be another one when the pass's turn comes; what cannot be known is let pass.

        Raises:
            EdgeCompressError: naming the key, what is wrong and what to do.
            PassFailed: when this model can never be changed this way.
        """

    @abstractmethod
    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the changed candidate.

        Raises:
            PassFailed: when this model cannot be changed this way; the pass is rolled back.
        """


class PassFailed(Exception):
    """This pass does not fit this model; the message says why. The run goes on without it."""
