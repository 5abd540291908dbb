"""A teacher that is asked about the very batch that its student sees."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.distillation.features import captured
from edge_compress.compress.distillation.view import View


class Asked:
    """The teacher's answers and inner features for a batch of the student's.

    That both see one frame varied in the same way is what makes long training worth while: Beyer et
    al., "A good teacher is patient and consistent", arXiv:2106.05237.
    """

    def __init__(self, teacher: Candidate, student: Candidate) -> None:
        """A classifier is asked at its own input size, a detector at the student's.

        A detector's cells are those of the input's size, and the student is to fill the same.
        """
        if student.task == "detection":
            teacher = teacher.with_input(student.input.height, student.input.width)
        self.candidate = teacher
        self._view = View(student.input, teacher.input)

    def frame(self, images: Tensor) -> Tensor:
        """The batch as the teacher is fed."""
        return self._view(images)

    def __call__(
        self, images: Tensor, layers: Sequence[str] = ()
    ) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        """Outputs and the features of the named layers; no gradient reaches the teacher."""
        module = self.candidate.module.eval()
        with torch.no_grad(), captured(module, layers) as features:
            outputs = module(self._view(images))
        return outputs, features

    def has_cells_of(self, student: Candidate) -> bool:
        """Whether both detectors' raw answers are of the same cells."""
        if self.candidate.head != student.head:
            return False
        spec = student.input
        frame = torch.zeros(1, 3, spec.height, spec.width)
        try:
            theirs, _ = self(frame)
        except (RuntimeError, ValueError):  # bound to its own input size
            return False
        with torch.no_grad():
            mine = student.module.eval()(frame)
        return [one.shape for one in theirs] == [one.shape for one in mine]
