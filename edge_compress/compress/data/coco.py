"""COCO: a folder of images, and one JSON file with all boxes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from edge_compress.bundle.schema import StrictModel, Task
from edge_compress.compress.data.boxes import Boxed, as_data
from edge_compress.compress.data.classes import ModelClasses
from edge_compress.compress.data.config import Data, LabelledConfig
from edge_compress.compress.data.errors import DataError
from edge_compress.compress.data.held_out import BY_FORM, OWN, Range, Share
from edge_compress.compress.progress import Progress
from edge_compress.compress.recipe_path import RecipePath


class CocoPart(StrictModel):
    """Images and their annotations."""

    images: RecipePath = Field(description="folder that `file_name` is relative to")
    annotations: RecipePath = Field(description="JSON such as instances_train2017.json")


class CocoConfig(LabelledConfig):
    """Boxes in COCO's format; names of categories are matched with the model's labels.

    Pictures without an annotation are used as such; crowds (`iscrowd`) are left out. Lin et al.,
    "Microsoft COCO", arXiv:1405.0312; https://cocodataset.org/#format-data
    """

    task: ClassVar[Task | None] = "detection"

    format: Literal["coco"]
    learn: CocoPart
    held_out: Annotated[Share | Range | Annotated[CocoPart, OWN], BY_FORM] = Field(
        0.2, description="images and annotations to measure on, a share, or a range of `learn`"
    )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The categories in the order of their ids."""
        categories = _categories(_content(self.learn.annotations), self.learn.annotations)
        return tuple(categories[i] for i in sorted(categories))

    def open(self, classes: ModelClasses, progress: Progress) -> Data:
        """Read the annotations and decode every picture.

        Raises:
            DataError: for a file that is not so, or labels that do not fit model or pictures.
        """
        learn, held_out = _read(self.learn, progress), self.held_out
        judges = _read(held_out, progress) if isinstance(held_out, CocoPart) else held_out
        return as_data(learn, judges, self.learn.images, self, classes, progress)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not JSON that can be read ({error})") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: not annotations of COCO: must be a mapping")
    for key in ("images", "annotations", "categories"):
        if not isinstance(content.get(key), list):
            raise DataError(f"{path}: not annotations of COCO: has no list `{key}`")
    return content


def _categories(content: dict[str, Any], path: Path) -> dict[int, str]:
    try:
        return {int(item["id"]): str(item["name"]) for item in content["categories"]}
    except (TypeError, KeyError, ValueError) as error:
        raise DataError(f"{path}: `categories`: each needs `id` and `name` ({error!r})") from error


def _read(part: CocoPart, progress: Progress) -> list[Boxed]:
    path = part.annotations
    content = _content(path)
    images = _images(content, path)
    objects = _objects(content, images, path)
    there = {key: item for key, item in images.items() if (part.images / item.file).is_file()}
    if not there:
        first = next((item.file for item in images.values()), "")
        raise DataError(
            f"{part.images}: has none of the {len(images)} images of {path.name}, such as "
            f"{first!r}; give the folder that `file_name` is relative to"
        )
    if len(there) < len(images):
        missing = next(item.file for key, item in images.items() if key not in there)
        progress.note(
            f"{path}: {len(images) - len(there)} of {len(images)} images are not in "
            f"{part.images} and are left out; the first is {missing}"
        )
    return [
        Boxed(
            image=part.images / item.file,
            place=f"{path}, image {key}",
            names=tuple(name for name, _ in objects.get(key, ())),
            boxes=np.array([box for _, box in objects.get(key, ())], np.float64).reshape(-1, 4),
            size=(item.width, item.height),
        )
        for key, item in there.items()
    ]


class _Image(NamedTuple):
    file: str
    width: int
    height: int


def _images(content: dict[str, Any], path: Path) -> dict[Any, _Image]:
    try:
        return {
            item["id"]: _Image(str(item["file_name"]), int(item["width"]), int(item["height"]))
            for item in content["images"]
        }
    except (TypeError, KeyError, ValueError) as error:
        raise DataError(
            f"{path}: `images`: each needs `id`, `file_name`, `width` and `height` ({error!r})"
        ) from error


def _objects(
    content: dict[str, Any], images: dict[Any, _Image], path: Path
) -> dict[Any, list[tuple[str, list[float]]]]:
    """Of each image the names and boxes (x1, y1, x2, y2) of what is in it."""
    categories = _categories(content, path)
    found: dict[Any, list[tuple[str, list[float]]]] = {}
    for i, item in enumerate(content["annotations"]):
        place = f"{path}: `annotations` {i}"
        try:
            image, category = item["image_id"], item["category_id"]
            name, known = categories.get(category), image in images
            x, y, width, height = (float(value) for value in item["bbox"])
        except (TypeError, KeyError, ValueError) as error:
            raise DataError(
                f"{place}: needs `image_id`, `category_id` and `bbox` (x, y, width, height): "
                f"{error!r}"
            ) from error
        if name is None:
            raise DataError(f"{place}: category {category!r} is not one of `categories`")
        if not known:
            raise DataError(f"{place}: image {image!r} is not one of `images`")
        if not (math.isfinite(x + y + width + height) and width >= 0 and height >= 0):
            raise DataError(f"{place}: the box is inside out: {item['bbox']} (x, y, width, height)")
        if not item.get("iscrowd"):
            found.setdefault(image, []).append((name, [x, y, x + width, y + height]))
    return found
