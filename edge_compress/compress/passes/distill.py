"""Learn from the original's outputs on footage that nobody labelled."""

from __future__ import annotations

import copy
from typing import Literal

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.passes.base import Aim, Context, Pass
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train


class Distill(Pass):
    """Train the model to see what the original sees, at any input size.

    A detector learns the original's final detections with their scores as soft labels, so that
    teacher and student need not share a grid; a classifier learns its softened classes. Hinton et
    al., arXiv:1503.02531; Li et al., arXiv:2006.04388 (scores); Ge et al., arXiv:2107.08430
    (assignment).
    """

    kind: Literal["distill"] = "distill"
    schedule: Schedule = Schedule()

    @property
    def aim(self) -> Aim:
        """No speed is gained by learning."""
        return "accuracy"

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with trained weights.

        Raises:
            PassFailed: for a head that no gradient passes, or when training diverges.
        """
        student = candidate.with_module(copy.deepcopy(candidate.module))
        train(student, lessons_for(student, context), self.schedule, context, "distill")
        return student
