"""Learn from the original's outputs on footage that nobody labelled."""

from __future__ import annotations

import copy
from typing import ClassVar, Literal

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.passes.base import Context, Pass
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train


class Distill(Pass):
    """Train the model to see what the original sees, at any input size.

    A detector learns the original's final detections with their scores as soft labels, so that
    teacher and student need not share a grid; a classifier learns its softened classes. Hinton et
    al., arXiv:1503.02531; Li et al., arXiv:2006.04388 (scores); Ge et al., arXiv:2107.08430
    (assignment).
    """

    improves_only_accuracy: ClassVar[bool] = True

    kind: Literal["distill"] = "distill"
    schedule: Schedule = Schedule()

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with trained weights.

        Raises:
            PassFailed: for a head that no gradient passes, or when training diverges.
        """
        student = candidate.with_module(copy.deepcopy(candidate.module))
        train(student, lessons_for(student, context), self.schedule, context, "distill")
        return student
