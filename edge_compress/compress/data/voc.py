"""PASCAL VOC: an XML file with boxes for each image."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal
from xml.etree import ElementTree

import numpy as np
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


class VocPart(LabelledPart):
    """Images and their annotations."""

    images: RecipePath = Field(description="folder, such as JPEGImages")
    annotations: RecipePath | None = Field(
        None, description="folder of XML files; `Annotations` beside `images`, or `images` itself"
    )
    image_set: RecipePath | None = Field(
        None, description="text file with the ids to use, such as ImageSets/Main/train.txt"
    )

    @property
    def folder(self) -> Path:
        """The one that is named, or `Annotations`, or that of the images."""
        beside = self.images.parent / "Annotations"
        return self.annotations or (beside if beside.is_dir() else self.images)


class VocConfig(LabelledConfig):
    """Boxes in PASCAL VOC's format; names of objects are matched with the model's labels.

    Images without an XML file are left out, as are objects marked as difficult. Everingham et al.,
    "The PASCAL Visual Object Classes Challenge", 2010.
    """

    task: ClassVar[Task | None] = "detection"

    format: Literal["voc"]
    learn: VocPart
    held_out: Annotated[Share | Range | Annotated[VocPart, OWN], BY_FORM] = Field(
        0.2, description="images and annotations to measure on, a share, or a range of `learn`"
    )

    def open(self, classes: ModelClasses, progress: Progress) -> Data:
        """Read the annotations and decode every picture.

        Raises:
            DataError: for a file that is not so, or labels that do not fit model or pictures.
        """
        learn, held_out = _read(self.learn, progress), self.held_out
        judges = _read(held_out, progress) if isinstance(held_out, VocPart) else held_out
        return as_data(learn, judges, self.learn.images, self, classes, progress)


def _read(part: VocPart, progress: Progress) -> list[Boxed]:
    folder = part.folder
    pairs = paired(part.images, folder, ".xml", progress, only=_ids(part.image_set))
    labelled = [pair for pair in pairs if pair.labels is not None]
    if len(labelled) < len(pairs):
        first = next(pair.image.name for pair in pairs if pair.labels is None)
        progress.note(
            f"{part.images}: {len(pairs) - len(labelled)} of {len(pairs)} images have no XML file "
            f"in {folder} and are left out; the first is {first}"
        )
    return [_boxed(pair.image, pair.labels) for pair in labelled if pair.labels is not None]


def _ids(path: Path | None) -> frozenset[str] | None:
    if path is None:
        return None
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: `image_set` cannot be read: {error}") from error
    return frozenset(line.split()[0] for line in lines if line.strip())


def _boxed(image: Path, path: Path) -> Boxed:
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise DataError(f"{path}: not XML that can be read ({error})") from error
    names, boxes = [], []
    for item in root.iter("object"):
        name = item.findtext("name", "").strip()
        try:
            x1, y1, x2, y2 = (
                float(item.findtext(f"bndbox/{key}", ""))
                for key in ("xmin", "ymin", "xmax", "ymax")
            )
        except ValueError as error:
            raise DataError(
                f"{path}: an object {name!r} has no `bndbox` with xmin, ymin, xmax and ymax"
            ) from error
        if not name:
            raise DataError(f"{path}: an object has no `name`")
        if not (x1 <= x2 and y1 <= y2):
            raise DataError(
                f"{path}: the box of {name!r} is inside out: "
                f"xmin {x1:g}, ymin {y1:g}, xmax {x2:g}, ymax {y2:g}"
            )
        if item.findtext("difficult", "0").strip() == "1":
            continue
        names.append(name)
        boxes.append([x1 - 1, y1 - 1, x2, y2])  # VOC counts pixels from 1, both ends included
    return Boxed(
        image, str(path), tuple(names), np.array(boxes, np.float64).reshape(-1, 4), _size(root)
    )


def _size(root: ElementTree.Element) -> tuple[int, int] | None:
    width, height = root.findtext("size/width", ""), root.findtext("size/height", "")
    known = width.strip().isdigit() and height.strip().isdigit() and int(width) and int(height)
    return (int(width), int(height)) if known else None
