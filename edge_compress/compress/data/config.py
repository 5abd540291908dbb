"""What the `data` of every recipe has, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, Field

from edge_compress.bundle.schema import StrictModel, Task
from edge_compress.compress.data.classes import ModelClasses
from edge_compress.compress.footage import Frames
from edge_compress.compress.progress import Progress


class Data(NamedTuple):
    """The frames of a run, with labels (`Frames.truth`) where the format has them.

    Attributes:
        learn: to learn from and to calibrate on.
        validation: to choose by; where none are kept apart, some of `learn`.
        held_out: only measured on, apart from both.
    """

    learn: Frames
    validation: Frames
    held_out: Frames


class DataConfig(StrictModel, ABC):
    """One format of data. Each is a file in this package.

    Attributes:
        task: what the labels are for; None for footage without labels.
    """

    task: ClassVar[Task | None] = None

    format: str

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the data set's own order, for a model that was given no labels; or ()."""
        return ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file and folder that is read, so that a change in them can be seen."""
        return tuple(dict.fromkeys(_paths_in(self)))

    @abstractmethod
    def open(self, classes: ModelClasses, progress: Progress) -> Data:
        """Read everything once, so that what is wrong is told before any long work.

        Raises:
            EdgeCompressError: naming the file or key, what is wrong and what to do.
        """


class Count(StrictModel):
    """How many pictures to take, all of them where nothing is said."""

    learn: int | None = Field(
        None, gt=0, description="to learn from, those of `validation` among them"
    )
    held_out: int | None = Field(None, gt=0, description="to measure on")


class LabelledPart(StrictModel, ABC):
    """Images, and a folder of their labels that may be found and not named."""

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Where the labels are."""


class LabelledConfig(DataConfig):
    """Data with labels."""

    validation: float = Field(
        0.1, ge=0, le=0.5, description="share of the pictures to learn from that only chooses"
    )
    count: Count = Field(Count(), description="fewer pictures, of each class its share")
    seed: int = Field(0, ge=0, description="of the choice of pictures, whatever the run's own is")


def _paths_in(value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _paths_in(getattr(value, name))
    if isinstance(value, LabelledPart):
        yield value.folder
