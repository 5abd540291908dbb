"""Learn from a teacher: the original or any other model, with labels or without."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, ConfigDict, Field

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.distillation.error import DistillationError
from edge_compress.compress.distillation.layer_pairs import LayerPair
from edge_compress.compress.distillation.lesson import Wishes
from edge_compress.compress.distillation.losses import SoftTargets
from edge_compress.compress.distillation.objective import Weights
from edge_compress.compress.distillation.other_model import (
    OtherModel,
    fitting_teacher,
    replacement,
)
from edge_compress.compress.parameter import tunable
from edge_compress.compress.pass_base import Aim, Context, Pass, PassFailed
from edge_compress.compress.training.objective import IMITATION, LABELS, TEMPERATURE
from edge_compress.compress.training.predictions import can_predict
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.teacher import Teacher
from edge_compress.compress.training.trainer import Source, lessons_for, train
from edge_compress.errors import EdgeCompressError


class Distill(Pass):
    """Train the model, or another one in its place, to see what its teacher sees.

    A classifier learns the teacher's softened classes. A detector learns the teacher's final
    detections with their scores as soft labels, so that both need not share a grid or an input
    size; where they do share the cells, these are imitated too. Inner layers may be drawn towards
    the teacher's by hints and by attention maps. Hinton et al., arXiv:1503.02531 (soft targets); Li
    et al., arXiv:2006.04388 (scores); Ge et al., arXiv:2107.08430 (assignment); Romero et al.,
    arXiv:1412.6550 (hints); Zagoruyko and Komodakis, arXiv:1612.03928 (attention); Beyer et al.,
    arXiv:2106.05237 (consistent).
    """

    model_config = ConfigDict(populate_by_name=True)

    kind: Literal["distill"] = "distill"
    learn_from: Source | None = Field(
        None,
        validation_alias=AliasChoices("from", "learn_from"),
        description="labels, teacher or both; unset: the teacher, and labels where there are some",
    )
    teacher: OtherModel | None = Field(None, description="unset: the original")
    student: OtherModel | None = Field(
        None, description="takes the place of the model; unset: the model itself learns"
    )
    alpha: float = tunable(
        LABELS, ge=0, le=1, search=(0.0, 0.9), description="share of the labels beside a teacher"
    )
    temperature: float = tunable(
        TEMPERATURE, gt=0, search=(1.0, 10.0), description="how much a classifier's are softened"
    )
    soft_targets: SoftTargets = tunable(
        "kl", description="loss of a classifier's softened classes; both have the same gradients"
    )
    consistent: bool | None = Field(
        None,
        description="ask a classifier about the very batch that the student sees, varied as it is, "
        "instead of once about each frame; unset: where frames are varied and both are fed alike",
    )
    imitation: float = tunable(
        IMITATION, ge=0, search=(0.0, 2.0), description="weight of a detector's cells, where shared"
    )
    hints: tuple[LayerPair, ...] = Field(
        (), description="layers to be like the teacher's; a learnt adapter evens out the channels"
    )
    attention: tuple[LayerPair, ...] = Field((), description="layers that are to look where its do")
    schedule: Schedule = Schedule()

    @property
    def aim(self) -> Aim:
        """Another architecture must be faster or smaller; learning alone gains no speed."""
        return "accuracy" if self.student is None else "speed"

    @property
    def replaces_layers(self) -> bool:
        """Another architecture has layers of other names."""
        return self.student is not None

    @property
    def files(self) -> tuple[Path, ...]:
        """Models and weights that were made elsewhere, and the code of factories."""
        return tuple(path for one in (self.teacher, self.student) if one for path in one.files)

    def check(self, candidate: Candidate, context: Context) -> None:
        """See that student, teacher and data go together.

        Raises:
            DistillationError: naming the key.
            LayerPatternError: for a layer that one of them does not have.
        """
        labelled = context.learn.truth is not None
        if self.learn_from in ("labels", "both") and not labelled:
            raise DistillationError(
                f"`from: {self.learn_from}` needs labels, and {context.learn.name} has none; give "
                "`data.format` of a labelled data set, or `from: teacher`"
            )
        student = self._student(candidate, context)
        if student.task == "detection" and self.student and not can_predict(student.head):
            raise DistillationError(
                f"`student.head`: {student.head.kind} gives final detections, which no gradient "
                "passes; use the model without NMS"
            )
        self._wishes().prepared(student, self._teacher(student, context), context.seed)

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with trained weights, or the trained student.

        Raises:
            PassFailed: for a head that no gradient passes, layers that an earlier pass has changed,
                or when training diverges.
        """
        student = self._student(candidate, context)
        if self.student is None:
            student = student.with_module(copy.deepcopy(student.module))
        try:
            teacher = self._teacher(student, context)
            apprentice, objective = self._wishes().prepared(student, teacher, context.seed)
        except EdgeCompressError as error:  # `check` has passed, so the model has changed since
            raise PassFailed(str(error)) from error
        if self.teacher is not None:
            quality = context.quality(teacher.original)
            context.progress.note(f"distill: the teacher's quality is {quality:.3f}")
        lessons = lessons_for(student, replace(context, teacher=teacher), self.learn_from)
        train(
            student.with_module(apprentice),
            lessons,
            self._schedule,
            context,
            "distill",
            objective=objective,
        )
        return student

    @property
    def _schedule(self) -> Schedule:
        """A student without weights needs statistics of its own, from footage too."""
        if self.student is None or self.student.has_weights or self.schedule.statistics is not None:
            return self.schedule
        return self.schedule.model_copy(update={"statistics": "updated"})

    def _student(self, candidate: Candidate, context: Context) -> Candidate:
        if self.student is None:
            return candidate
        return replacement(candidate, self.student, context.seed)

    def _teacher(self, student: Candidate, context: Context) -> Teacher:
        """Asked about every frame once, when its answers are first needed."""
        if self.teacher is None:
            return context.teacher
        other = fitting_teacher(self.teacher.load(student, "teacher", context.seed), student)
        return Teacher(other, context.learn, context.progress)

    def _wishes(self) -> Wishes:
        consistent = self.consistent
        if consistent is None and not any(self.schedule.augmentation.model_dump().values()):
            consistent = False  # it would say the same of a frame again and again
        return Wishes(
            Weights(self.alpha, self.temperature, self.soft_targets, self.imitation),
            consistent,
            self.hints,
            self.attention,
            outputs=self.learn_from != "labels",
        )
