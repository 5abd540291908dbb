"""What every pass is: a pydantic model with a `run` method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.passes.parameter import tunable

__all__ = ["Context", "Pass", "PassFailed", "tunable"]

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.footage import Frames
    from edge_compress.compress.progress import Progress
    from edge_compress.compress.target import Target
    from edge_compress.compress.training.teacher import Teacher


@dataclass(frozen=True)
class Context:
    """What a pass may use besides the candidate.

    Attributes:
        teacher: the model before any pass, and what it sees in the frames to learn from.
        learn: frames to learn from, calibrate on and choose by. Held-out frames are not here.
        target: the device and the budget.
        seed: of this pass; the same for the same recipe, whether or not a run was interrupted.
        progress: where to report.
    """

    teacher: Teacher
    learn: Frames
    target: Target
    seed: int
    progress: Progress


class Pass(StrictModel, ABC):
    """One step of a recipe: takes a model, returns a model, and leaves the one it got unchanged."""

    improves_only_accuracy: ClassVar[bool] = False  # no gain of speed is asked of such a pass

    kind: str

    @abstractmethod
    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the changed candidate.

        Raises:
            PassFailed: when this model cannot be changed this way; the pass is rolled back.
        """


class PassFailed(Exception):
    """This pass does not fit this model; the message says why. The run goes on without it."""
