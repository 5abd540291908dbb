"""From what a recipe asks of a student and its teacher to what is minimized."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.distillation.asked import Asked
from edge_compress.compress.distillation.error import DistillationError
from edge_compress.compress.distillation.layer_pairs import LayerPair, Match, matches
from edge_compress.compress.distillation.objective import Apprentice, Objective, Weights
from edge_compress.compress.distillation.view import same_input, same_place
from edge_compress.compress.training.teacher import Teacher


@dataclass(frozen=True)
class Wishes:
    """What is to be learnt from a teacher; see the fields of the `distill` pass.

    Attributes:
        weights: how the parts of the loss are mixed.
        consistent: ask a classifier about each batch; None where both are fed alike.
        hints: layers with like features.
        attention: layers with like attention maps.
        outputs: whether the teacher's outputs count, too.
    """

    weights: Weights
    consistent: bool | None
    hints: Sequence[LayerPair]
    attention: Sequence[LayerPair]
    outputs: bool

    def prepared(
        self, student: Candidate, teacher: Teacher, seed: int
    ) -> tuple[Apprentice, Objective]:
        """Who is to learn, around the student's own module, and what it minimizes.

        Raises:
            EdgeCompressError: when layers or inputs do not fit each other.
        """
        asked = Asked(teacher.original, student)
        classifies = student.task == "classification"
        consistent = self.consistent
        if consistent is None:
            consistent = same_input(student.input, teacher.original.input)
        inner = bool(self.hints or self.attention)
        if classifies and (inner or consistent):
            self._check_place(student, teacher.original)
        consistent = consistent and classifies and self.outputs
        imitates = not classifies and self.outputs and self.weights.imitation > 0
        weights = replace(
            self.weights,
            consistent=consistent,
            imitation=self.weights.imitation if imitates and asked.has_cells_of(student) else 0.0,
        )
        hints = self._matches(self.hints, "hints", student, asked)
        attention = self._matches(self.attention, "attention", student, asked)
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(seed)
            apprentice = Apprentice(student.module, hints)
        needed = inner or consistent or weights.imitation > 0
        return apprentice, Objective(
            weights,
            apprentice,
            teacher if self.outputs else None,
            asked if needed else None,
            hints,
            attention,
        )

    def _check_place(self, student: Candidate, teacher: Candidate) -> None:
        if not same_place(student.input, teacher.input):
            key = "hints" if self.hints else "attention" if self.attention else "consistent"
            raise DistillationError(
                f"`{key}`: the teacher is asked about the student's own frames, and the two inputs "
                f"are cut differently ({_cut(teacher)}; the student {_cut(student)}); give both "
                "the same `fit` and shape"
            )

    @staticmethod
    def _matches(
        pairs: Sequence[LayerPair], key: str, student: Candidate, asked: Asked
    ) -> list[Match]:
        spec = student.input
        frame = torch.zeros(1, 3, spec.height, spec.width)
        return matches(
            pairs,
            key,
            (asked.candidate.module, asked.frame(frame)),
            (student.module, frame),
        )


def _cut(candidate: Candidate) -> str:
    spec = candidate.input
    return f"{spec.width}x{spec.height} {spec.fit} {spec.anchor}"
