"""The data of a recipe: unlabelled footage, or labelled data sets, one format a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field

from edge_compress.bundle.schema import Task
from edge_compress.compress.data.cifar10 import Cifar10Config
from edge_compress.compress.data.classes import ModelClasses
from edge_compress.compress.data.coco import CocoConfig
from edge_compress.compress.data.config import Data, DataConfig
from edge_compress.compress.data.errors import DataError
from edge_compress.compress.data.folders import FoldersConfig
from edge_compress.compress.data.frames import FrameRange, FramesConfig
from edge_compress.compress.data.mnist import MnistConfig
from edge_compress.compress.data.voc import VocConfig
from edge_compress.compress.data.yolo import YoloConfig
from edge_compress.compress.progress import Progress, Silent

__all__ = [
    "AnyData",
    "Cifar10Config",
    "CocoConfig",
    "Data",
    "DataConfig",
    "DataError",
    "FoldersConfig",
    "FrameRange",
    "FramesConfig",
    "MnistConfig",
    "VocConfig",
    "YoloConfig",
    "formats_for",
    "open_data",
]


def _frames_by_default(value: Any) -> Any:
    return {"format": "frames", **value} if isinstance(value, dict) else value


AnyData = Annotated[
    FramesConfig
    | MnistConfig
    | Cifar10Config
    | FoldersConfig
    | CocoConfig
    | VocConfig
    | YoloConfig,
    Field(discriminator="format"),
    BeforeValidator(_frames_by_default),
]
"""The `data` of a recipe; `format` may be left out for footage."""


def formats_for(task: Task) -> tuple[str, ...]:
    """The formats that can be used for a task."""
    return tuple(
        str(get_args(kind.model_fields["format"].annotation)[0])
        for kind in get_args(get_args(AnyData)[0])
        if kind.task in {None, task}
    )


def open_data(
    config: DataConfig,
    labels: Sequence[str],
    progress: Progress | None = None,
    *,
    whole: Sequence[str] | None = None,
) -> Data:
    """Read the data of a recipe, with labels that are numbers of the model's classes.

    Args:
        config: the recipe's `data`.
        labels: the classes of the model that is compressed, in the order of its outputs.
        progress: where to report.
        whole: where the recipe has chosen `classes`: the labels of the model before that. Labels of
            other classes are then left out; without a choice they are a mistake.

    Raises:
        EdgeCompressError: naming the file or key, what is wrong and what to do.
    """
    classes = ModelClasses(tuple(labels), None if whole is None else tuple(whole))
    return config.open(classes, progress or Silent())
