"""The recipe: what to compress and how, as one YAML file or as the same objects from Python."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SerializeAsAny, model_validator

from edge_compress.bundle.schema import Head, InputSpec, StrictModel, Task
from edge_compress.compress.data import AnyData, DataConfig, FrameRange, FramesConfig, formats_for
from edge_compress.compress.export_targets import ExportKind
from edge_compress.compress.passes import AnyPass
from edge_compress.compress.recipe_file import read_mapping, validated
from edge_compress.compress.recipe_path import TORCHVISION, ModelSource, RecipePath
from edge_compress.compress.target import Budget, Target
from edge_compress.vision.labels import load_labels

__all__ = [
    "Budget",
    "DataConfig",
    "FrameRange",
    "FramesConfig",
    "ModelConfig",
    "Recipe",
    "Target",
    "load_recipe",
]


class ModelConfig(StrictModel):
    """Where the model comes from and how its input and outputs are read.

    `input` may be left out for an .onnx file with a fixed size (taken from the graph, other fields
    at their defaults) and for torchvision (224 x 224 with ImageNet's mean and deviation).
    """

    source: ModelSource = Field(
        min_length=1,
        description="path of an .onnx file, `torchvision:NAME`, or `package.module:factory`",
    )
    arguments: dict[str, Any] = Field(
        {}, description="of a factory, by name, such as `{hidden: 500}`"
    )
    weights: RecipePath | None = Field(
        None, description="state dict saved by torch.save (.pth); a factory also takes .h5 of Keras"
    )
    labels: Literal["coco"] | tuple[str, ...] = Field(
        (), description="`coco` (80 names) or a list; torchvision's default weights bring their own"
    )
    input: InputSpec | None = None
    head: Head

    @property
    def is_factory(self) -> bool:
        """Whether `source` is a function of somebody's own."""
        text = self.source
        return ":" in text and not text.endswith(".onnx") and not text.startswith(TORCHVISION)

    @model_validator(mode="after")
    def _only_a_factory_takes_arguments(self) -> ModelConfig:
        if self.arguments and not self.is_factory:
            raise ValueError(
                f"`arguments` are for a factory (package.module:factory), and {self.source!r} is "
                "none: remove them"
            )
        return self


class Recipe(StrictModel):
    """All that a run needs; the same recipe on the same machine gives the same model."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    task: Task
    model: ModelConfig
    classes: tuple[str, ...] = Field(
        (), description="names of the classes that the robot needs; all of them when empty"
    )
    data: AnyData
    target: Target = Target()
    seed: int = Field(0, ge=0, lt=2**31)
    passes: tuple[SerializeAsAny[AnyPass], ...] = Field(min_length=1)
    judge: Literal["each_pass", "end"] = Field(
        "each_pass",
        description="roll back each pass that costs too much or gains nothing; or hold only the "
        "final model against the budget, for passes that a search has found to go together",
    )
    export: tuple[ExportKind, ...] = Field(
        ("onnx",), description="formats of the final float model; the robot's ONNX is always there"
    )

    @model_validator(mode="after")
    def _head_does_the_task(self) -> Recipe:
        classifies = self.model.head.kind == "classifier"
        if classifies != (self.task == "classification"):
            raise ValueError(f"`model.head` {self.model.head.kind!r} does not do {self.task}")
        return self

    @model_validator(mode="after")
    def _data_fits_the_task(self) -> Recipe:
        if self.data.task not in {None, self.task}:
            raise ValueError(
                f"`data.format` {self.data.format!r} is for {self.data.task}, but `task` is "
                f"{self.task}: take one of {', '.join(formats_for(self.task))}"
            )
        return self

    @model_validator(mode="after")
    def _classes_are_known(self) -> Recipe:
        labels = load_labels("coco") if self.model.labels == "coco" else self.model.labels
        for name in self.classes if labels else ():  # else the model itself brings its names
            if name not in labels:
                near = difflib.get_close_matches(name, labels, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"`classes`: {name!r} is not one of `model.labels`{hint}")
        return self


def load_recipe(path: Path | str) -> Recipe:
    """Read a recipe file.

    Relative paths in it are relative to its own folder; `asset:NAME` in place of a path stands for
    a file or folder that edge_compress fetches by name and hash.

    Raises:
        RecipeError: naming the file, the key and what to do.
    """
    path = Path(path)
    return validated(Recipe, read_mapping(path), path)
