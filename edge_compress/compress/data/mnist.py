"""MNIST, and sets in its format such as Fashion-MNIST and EMNIST."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from edge_compress.bundle.schema import Task
from edge_compress.compress.data.classes import ModelClasses
from edge_compress.compress.data.config import Data, LabelledConfig
from edge_compress.compress.data.errors import DataError
from edge_compress.compress.data.idx import read_idx
from edge_compress.compress.data.pictures import Pictures, as_data
from edge_compress.compress.progress import Progress
from edge_compress.compress.recipe_path import RecipePath

# `emnist-digits-` may stand before it; some copies have a dot for the hyphen.
_NAME = re.compile(r"(?:.*-)?(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(?:\.gz)?")


class MnistConfig(LabelledConfig):
    """A folder with four idx files: images and labels, ``train`` and ``t10k`` (or ``test``).

    The second pair is held out. The labels are numbers of the model's outputs. Grey pictures come
    as three equal channels. LeCun et al., "Gradient-based learning applied to document
    recognition", 1998.
    """

    task: ClassVar[Task | None] = "classification"

    format: Literal["mnist"]
    folder: RecipePath = Field(description="with the idx files, plain or .gz; `asset:mnist`")

    @property
    def class_names(self) -> tuple[str, ...]:
        """The digits."""
        return tuple("0123456789")

    def open(self, classes: ModelClasses, progress: Progress) -> Data:
        """Read all four files.

        Raises:
            DataError: for a file that is missing or not whole, or labels that do not fit.
        """
        files = _files(self.folder)
        learn = _read(files["train", "images"], files["train", "labels"])
        held_out = _read(files["test", "images"], files["test", "labels"])
        return as_data(learn, held_out, self.folder, self, classes, progress)


def _files(folder: Path) -> dict[tuple[str, str], Path]:
    found: dict[tuple[str, str], Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if match := _NAME.fullmatch(path.name):
            part = "train" if match[1] == "train" else "test"
            found.setdefault((part, match[2]), path)
    for part, name in (("train", "train"), ("test", "t10k")):
        for kind, axes in (("images", 3), ("labels", 1)):
            if (part, kind) not in found:
                raise DataError(
                    f"{folder}: `data.folder` has no {name}-{kind}-idx{axes}-ubyte (or .gz); it "
                    "must hold images and labels of both `train` and `t10k`"
                )
    return found


def _read(images: Path, labels: Path) -> Pictures:
    grey, numbers = read_idx(images, 3), read_idx(labels, 1)
    if len(grey) != len(numbers) or not len(grey):
        raise DataError(
            f"{images}: has {len(grey)} pictures, but {labels.name} has {len(numbers)} labels; "
            "the two do not belong together: fetch both again"
        )
    return Pictures(np.repeat(grey[..., None], 3, axis=3), numbers.astype(np.int64))
