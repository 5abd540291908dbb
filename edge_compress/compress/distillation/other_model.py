"""Another model than the one that is compressed: as a teacher, or in its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, ValidationError

from edge_compress.bundle.schema import Head, InputSpec, StrictModel
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.distillation.error import DistillationError
from edge_compress.compress.models import load_model
from edge_compress.compress.models.source_files import source_files
from edge_compress.compress.recipe_path import ModelSource, RecipePath
from edge_compress.errors import EdgeCompressError


class OtherModel(StrictModel):
    """Where a second model comes from. What is left out is as of the model that is compressed."""

    source: ModelSource = Field(
        min_length=1,
        description="path of an .onnx file, `torchvision:NAME`, or `package.module:factory`",
    )
    weights: RecipePath | None = Field(None, description="state dict saved by torch.save (.pth)")
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="what a factory is called with, by name"
    )
    labels: Literal["coco"] | tuple[str, ...] = Field((), description="`coco`, or a list of names")
    input: InputSpec | None = Field(
        None, description="unset: an .onnx file's or torchvision's own, for a factory the model's"
    )
    head: Head | None = None

    @property
    def has_weights(self) -> bool:
        """Whether it has learnt something already: a factory alone gives random weights."""
        return self.weights is not None or self._brings_its_own

    @property
    def _brings_its_own(self) -> bool:
        return self.source.endswith(".onnx") or self.source.startswith("torchvision:")

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it is read from: a factory's code is one."""
        return source_files(self.source, self.weights)

    def load(self, like: Candidate, key: str, seed: int) -> Candidate:
        """Load it for the same task.

        Args:
            like: the model that is compressed.
            key: of the recipe, for messages.
            seed: of weights that are drawn at random, where the source has none.

        Raises:
            DistillationError: when it cannot be loaded, or does another task.
        """
        from edge_compress.compress.recipe import ModelConfig  # it imports the passes

        head = self.head or like.head
        if (head.kind == "classifier") != (like.task == "classification"):
            raise DistillationError(f"`{key}.head`: {head.kind!r} does not do {like.task}")
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(seed)
            try:
                config = ModelConfig(
                    source=self.source,
                    weights=self.weights,
                    arguments=self.arguments,
                    labels=self.labels,
                    input=self.input or (None if self._brings_its_own else like.input),
                    head=head,
                )
                return load_model(config, like.task)
            except ValidationError as error:
                raise DistillationError(f"`{key}`: {error.errors()[0]['msg']}") from error
            except EdgeCompressError as error:
                raise DistillationError(f"`{key}`: {error}") from error


def replacement(candidate: Candidate, student: OtherModel, seed: int) -> Candidate:
    """The student in the candidate's place: its module, input and head, the candidate's classes.

    Raises:
        DistillationError: when it cannot be loaded, or has other classes.
    """
    made = student.load(candidate, "student", seed)
    if len(made.labels) != len(candidate.labels):
        raise DistillationError(
            f"`student`: {student.source} has {len(made.labels)} classes, but the model that it "
            f"replaces has {len(candidate.labels)}; give it as many, by `student.arguments` or "
            "`student.weights`"
        )
    if student.labels and made.labels != candidate.labels:
        raise DistillationError(
            "`student.labels` are not those of the model that it replaces, in the same order; "
            "leave them out"
        )
    return replace(
        candidate,
        module=made.module,
        input=made.input,
        head=made.head,
        output_names=made.output_names,
    )


def fitting_teacher(teacher: Candidate, student: Candidate) -> Candidate:
    """The teacher with the student's classes alone.

    Args:
        teacher: with the same classes, as many others (names are not compared then), or more, if
            these have names and not mere numbers.
        student: whose classes count.

    Raises:
        DistillationError: when it does not know them, or in another order.
    """
    from edge_compress.compress.models.classes import select_classes

    if teacher.labels == student.labels:
        return teacher
    wanted, known = set(student.labels), set(teacher.labels)
    if wanted < known and teacher.labels != tuple(str(i) for i in range(len(known))):
        try:
            teacher = select_classes(teacher, student.labels)
        except EdgeCompressError as error:
            raise DistillationError(f"`teacher`: {error}") from error
    if teacher.labels != student.labels and wanted == set(teacher.labels):
        raise DistillationError(
            "`teacher`: it has the student's classes in another order "
            f"({', '.join(teacher.labels[:4])} ... and not {', '.join(student.labels[:4])} ...)"
        )
    if len(teacher.labels) != len(student.labels):
        raise DistillationError(
            f"`teacher`: it has {len(teacher.labels)} classes ({', '.join(teacher.labels[:4])} "
            f"...), the student {len(student.labels)} ({', '.join(student.labels[:4])} ...); they "
            "must have the same names, or be as many"
        )
    return teacher
