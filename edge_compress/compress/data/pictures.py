"""Classified pictures of one size that all fit into memory, such as MNIST and CIFAR-10."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_compress.compress.data.choosing import limited, parted
from edge_compress.compress.data.classes import ModelClasses
from edge_compress.compress.data.config import Data, LabelledConfig
from edge_compress.compress.data.errors import DataError
from edge_compress.compress.data.frames import some_of
from edge_compress.compress.footage import Frames
from edge_compress.compress.progress import Progress
from edge_compress.vision.detections import Detections


class Pictures(NamedTuple):
    """Pictures and their labels.

    Attributes:
        images: uint8 [n, height, width, 3] in BGR.
        numbers: the label of each, integers [n] from 0.
    """

    images: NDArray[np.uint8]
    numbers: NDArray[np.int64]


def as_data(
    learn: Pictures,
    held_out: Pictures,
    folder: Path,
    config: LabelledConfig,
    classes: ModelClasses,
    progress: Progress,
) -> Data:
    """The parts that the recipe asks for.

    Args:
        learn: the data set's part for training.
        held_out: its part for tests.
        folder: the data set, for messages and the report.
        config: how many of them, and the share to choose by.
        classes: of the model; the data set's labels are numbers of its outputs.
        progress: where to say what was left out.

    Raises:
        DataError: when the labels do not fit the model, a class has no example, or too many
            pictures are asked for.
    """
    where = str(folder)
    count = 1 + int(max(learn.numbers.max(), held_out.numbers.max()))
    outputs = np.array(
        [-1 if place is None else place for place in classes.by_number(count, where)]
    )
    learn = _of_wanted_classes(learn, outputs)
    held_out = _of_wanted_classes(held_out, outputs)
    if not len(learn.numbers) or not len(held_out.numbers):
        raise DataError(f"{where}: no picture is of the recipe's `classes`")
    if -1 in outputs:
        progress.note(
            f"{where}: {len(learn.numbers)} pictures to learn from and {len(held_out.numbers)} "
            "held-out ones are of the recipe's `classes`; all others are left out"
        )
    limit, seed = config.count, config.seed
    kept = limited(learn.numbers, limit.learn, "learn", where, seed)
    measured = limited(held_out.numbers, limit.held_out, "held_out", where, seed)
    parts = parted(learn.numbers[kept], config.validation, seed)
    classes.check_all_are_shown(learn.numbers[kept][parts.learn], where)
    truth = _truth(learn.images.shape[1:3], classes.names)
    frames = Frames.of(learn.images, folder.name, [truth[i] for i in learn.numbers])
    tested = Frames.of(held_out.images, folder.name, [truth[i] for i in held_out.numbers])
    learning = frames.subset(kept[parts.learn])
    chosen_by = frames.subset(kept[parts.validation]) if config.validation else some_of(learning)
    return Data(learning, chosen_by, tested.subset(measured))


def _of_wanted_classes(pictures: Pictures, outputs: NDArray[np.int64]) -> Pictures:
    """Numbers become outputs of the model; what has none is left out."""
    numbers = outputs[pictures.numbers]
    if (numbers >= 0).all():
        return Pictures(pictures.images, numbers)
    return Pictures(pictures.images[numbers >= 0], numbers[numbers >= 0])


def _truth(size: tuple[int, ...], names: tuple[str, ...]) -> list[Detections]:
    """What is to be found in a picture of each class; all pictures of a class share it."""
    whole = np.array([[0, 0, size[1], size[0]]], np.float32)
    score = np.ones(1, np.float32)
    return [Detections(whole, score, np.array([i], np.int64), names) for i in range(len(names))]
