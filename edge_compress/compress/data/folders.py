"""Image folders: a sub-folder a class, as torchvision's ImageFolder reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from edge_compress.bundle.schema import Task
from edge_compress.compress.data.choosing import Places, limited, parted
from edge_compress.compress.data.classes import ModelClasses
from edge_compress.compress.data.config import Data, LabelledConfig
from edge_compress.compress.data.decoding import decoded
from edge_compress.compress.data.errors import DataError
from edge_compress.compress.data.frames import some_of
from edge_compress.compress.data.held_out import BY_FORM, OWN, Share
from edge_compress.compress.footage_source import images_in
from edge_compress.compress.progress import Progress
from edge_compress.compress.recipe_path import RecipePath
from edge_compress.vision.detections import Detections


class FoldersConfig(LabelledConfig):
    """A folder with a sub-folder of images for each class, and another one, or a share, to measure.

    The sub-folders' names are matched with the model's labels.
    """

    task: ClassVar[Task | None] = "classification"

    format: Literal["folders"]
    learn: RecipePath = Field(description="has a sub-folder of images for each class")
    held_out: Annotated[Share | Annotated[RecipePath, OWN], BY_FORM] = Field(
        0.2, description="a folder like `learn`, or the share of each class to measure on"
    )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The sub-folders' names in alphabetical order, which torchvision numbers them in."""
        return tuple(folder.name for folder in _class_folders(self.learn))

    def open(self, classes: ModelClasses, progress: Progress) -> Data:
        """Decode every picture.

        Raises:
            DataError: for a folder without classes or images, or names that do not fit the model.
        """
        all_learn = _listed(self.learn, classes, "learn")
        if isinstance(self.held_out, Path):
            all_held_out = _listed(self.held_out, classes, "held_out")
            if shared := sorted(set(all_learn.files) & set(all_held_out.files)):
                raise DataError(
                    f"{self.held_out}: `data.learn` and `data.held_out` share {len(shared)} "
                    f"pictures, the first is {shared[0].name}; take others for one of them"
                )
        else:
            parts = parted(all_learn.classes, self.held_out, self.seed + 1)
            all_learn, all_held_out = all_learn.at(parts.learn), all_learn.at(parts.validation)
        where, seed = str(self.learn), self.seed
        learn = all_learn.at(limited(all_learn.classes, self.count.learn, "learn", where, seed))
        held_out = all_held_out.at(
            limited(all_held_out.classes, self.count.held_out, "held_out", where, seed)
        )
        parts = parted(learn.classes, self.validation, seed)
        classes.check_all_are_shown(learn.classes[parts.learn], where)

        files = [*learn.files, *held_out.files]
        pictures = decoded(files, self.learn, range(len(files)), progress)
        numbers = np.concatenate([learn.classes, held_out.classes])
        truth = {
            i: Detections(
                np.array([[0, 0, *size]], np.float32),
                np.ones(1, np.float32),
                numbers[i : i + 1],
                classes.names,
            )
            for i, size in pictures.sizes.items()
        }
        learning = pictures.frames(parts.learn.tolist(), truth, "learn")
        classes.check_all_are_shown(numbers[list(learning.indices)], where)
        measured = pictures.frames(range(len(learn.files), len(files)), truth, "held_out")
        if not self.validation:
            return Data(learning, some_of(learning), measured)
        chosen_by = pictures.frames(parts.validation.tolist(), truth, "validation")
        return Data(learning, chosen_by, measured)


class _Listed(NamedTuple):
    files: tuple[Path, ...]
    classes: Places

    def at(self, places: Places) -> _Listed:
        return _Listed(tuple(self.files[i] for i in places), self.classes[places])


def _class_folders(folder: Path) -> list[Path]:
    inside = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in inside if path.is_dir() and not path.name.startswith("."))


def _listed(folder: Path, classes: ModelClasses, key: str) -> _Listed:
    found = {path.name: images_in(path) for path in _class_folders(folder)}
    if not any(found.values()):
        raise DataError(
            f"{folder}: `data.{key}` must have a sub-folder with images for each class, such as "
            f"{folder.name}/{(classes.names or ('cat',))[0]}/1.jpg"
        )
    outputs = classes.by_name({name: f"folder {folder / name}" for name in found}, str(folder))
    pairs = [
        (file, output)
        for name, files in found.items()
        if (output := outputs[name]) is not None
        for file in files
    ]
    return _Listed(
        tuple(file for file, _ in pairs), np.array([output for _, output in pairs], np.int64)
    )
