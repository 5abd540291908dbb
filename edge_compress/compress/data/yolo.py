"""YOLO: a text file with boxes for each image, as Darknet and Ultralytics read them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import yaml
from pydantic import Field

from edge_compress.bundle.schema import Task
from edge_compress.compress.data.boxes import Boxed, as_data
from edge_compress.compress.data.classes import ModelClasses
from edge_compress.compress.data.config import Data, LabelledConfig, LabelledPart
from edge_compress.compress.data.errors import DataError
from edge_compress.compress.data.held_out import BY_FORM, OWN, Range, Share
from edge_compress.compress.data.pairs import paired
from edge_compress.compress.progress import Progress
from edge_compress.compress.recipe_path import RecipePath

ROUNDING = 0.01  # by so much tools overstep 0 and 1


class YoloPart(LabelledPart):
    """Images and their labels."""

    images: RecipePath = Field(description="folder of images")
    labels: RecipePath | None = Field(
        None,
        description="folder of .txt files; with `labels` for the last `images` in the path, or "
        "the images' own folder",
    )

    @property
    def folder(self) -> Path:
        """The one that is named, or the usual one."""
        return self.labels or _usual_folder(self.images)


class YoloConfig(LabelledConfig):
    """Boxes in YOLO's format; names of classes are matched with the model's labels.

    A line an object: class number, then centre and size of its box, or the corners of a polygon
    around it, all as shares of the image's width and height. An image without a file shows nothing.
    """

    task: ClassVar[Task | None] = "detection"

    format: Literal["yolo"]
    names: RecipePath = Field(
        description="the classes by number: the data set's .yaml with `names`, or a name a line"
    )
    learn: YoloPart
    held_out: Annotated[Share | Range | Annotated[YoloPart, OWN], BY_FORM] = Field(
        0.2, description="images and labels to measure on, a share, or a range of `learn`"
    )

    @property
    def class_names(self) -> tuple[str, ...]:
        """As `names` has them."""
        return _names(self.names)

    def open(self, classes: ModelClasses, progress: Progress) -> Data:
        """Read the labels and decode every picture.

        Raises:
            DataError: for a file that is not so, or labels that do not fit model or pictures.
        """
        names = _names(self.names)
        learn, held_out = _read(self.learn, names, progress), self.held_out
        judges = _read(held_out, names, progress) if isinstance(held_out, YoloPart) else held_out
        return as_data(learn, judges, self.learn.images, self, classes, progress)


def _names(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix not in {".yaml", ".yml"}:
            return tuple(line.strip() for line in text.splitlines() if line.strip())
        content = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path}: `data.names` cannot be read: {error}") from error
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, dict) and sorted(names) == list(range(len(names))):
        names = [names[i] for i in range(len(names))]
    if not isinstance(names, list) or not names:
        raise DataError(f"{path}: needs `names`, a list or a mapping of 0, 1, ... to names")
    return tuple(str(name) for name in names)


def _read(part: YoloPart, names: tuple[str, ...], progress: Progress) -> list[Boxed]:
    folder = part.folder
    pairs = paired(part.images, folder, ".txt", progress)
    bare = [pair.image.name for pair in pairs if pair.labels is None]
    if bare:
        progress.note(
            f"{part.images}: {len(bare)} of {len(pairs)} images have no labels in {folder} and "
            f"are taken to show nothing; the first is {bare[0]}"
        )
    return [_boxed(pair.image, pair.labels, names) for pair in pairs]


def _usual_folder(images: Path) -> Path:
    parts = list(images.parts)
    for i in reversed(range(len(parts))):
        if parts[i] == "images":
            beside = Path(*parts[:i], "labels", *parts[i + 1 :])
            return beside if beside.is_dir() else images
    return images


def _boxed(image: Path, path: Path | None, names: tuple[str, ...]) -> Boxed:
    if path is None:
        return Boxed(image, str(image), (), np.zeros((0, 4)), shares=True)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    objects = [
        _object(line, f"{path}:{number}", names)
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    boxes = np.array([box for _, box in objects], np.float64).reshape(-1, 4)
    return Boxed(image, str(path), tuple(name for name, _ in objects), boxes, shares=True)


def _object(line: str, place: str, names: tuple[str, ...]) -> tuple[str, list[float]]:
    """Class and box (x1, y1, x2, y2 as shares) of a line."""
    try:
        first, *values = (float(word) for word in line.split())
    except ValueError:
        first, values = -1.0, []
    is_polygon = len(values) >= 6 and len(values) % 2 == 0
    if (
        not first.is_integer()
        or not np.isfinite(values).all()
        or not (len(values) == 4 or is_polygon)
    ):
        raise DataError(
            f"{place}: must be a class number and x, y, width, height (or a polygon), "
            f"got {line.strip()!r}"
        )
    if not 0 <= first < len(names):
        raise DataError(
            f"{place}: class {first:g}, but `data.names` has {len(names)} names, so numbers are "
            f"0 to {len(names) - 1}"
        )
    if is_polygon:
        box = [min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2])]
    else:
        x, y, width, height = values
        if width < 0 or height < 0:
            raise DataError(f"{place}: the box is inside out: width {width:g}, height {height:g}")
        box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    if min(values) < -ROUNDING or max(values) > 1 + ROUNDING:
        raise DataError(
            f"{place}: values must be shares of the image's width and height, 0 to 1, got "
            f"{line.strip()!r}; are these pixels?"
        )
    return names[int(first)], box
