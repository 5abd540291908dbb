"""Pictures with labelled boxes, and how they become the parts of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_compress.compress.data.choosing import Places, limited, parted
from edge_compress.compress.data.classes import ModelClasses
from edge_compress.compress.data.config import Data, LabelledConfig
from edge_compress.compress.data.decoding import Decoded, Size, decoded
from edge_compress.compress.data.errors import DataError
from edge_compress.compress.data.frames import FrameRange, some_of
from edge_compress.compress.progress import Progress
from edge_compress.vision.detections import Detections


@dataclass(frozen=True)
class Boxed:
    """What is labelled in one picture.

    Attributes:
        image: its path.
        place: where the labels are, for messages.
        names: the class of each object.
        boxes: float64 [n, 4], x1 y1 x2 y2 in pixels of the picture.
        size: width and height that the boxes were made for, in pixels, where they say it.
        shares: whether the boxes are shares of the picture's width and height instead.
    """

    image: Path
    place: str
    names: tuple[str, ...]
    boxes: NDArray[np.float64]
    size: Size | None = None
    shares: bool = False


def as_data(
    learn: Sequence[Boxed],
    held_out: Sequence[Boxed] | float | FrameRange,
    root: Path,
    config: LabelledConfig,
    classes: ModelClasses,
    progress: Progress,
) -> Data:
    """The parts that the recipe asks for.

    Args:
        learn: pictures to learn from.
        held_out: pictures to measure on, or which of `learn` are taken for that.
        root: folder of the pictures to learn from.
        config: how many of them, and the share to choose by.
        classes: of the model.
        progress: where to report.

    Raises:
        DataError: when the labels do not fit the model or the pictures, a class has no example, or
            too many pictures are asked for.
    """
    where, seed = str(root), config.seed
    learn, held_out = _separated(learn, held_out, where, seed)
    kept = limited(_strata(learn), config.count.learn, "learn", where, seed)
    learn = [learn[i] for i in kept]
    kept = limited(_strata(held_out), config.count.held_out, "held_out", where, seed)
    pictures = [*learn, *(held_out[i] for i in kept)]

    used = {name: f"in {item.place}" for item in reversed(pictures) for name in item.names}
    outputs = classes.by_name(used, where)
    sizes = {i: item.size for i, item in enumerate(pictures) if item.size is not None}
    files = [item.image for item in pictures]
    decodable = decoded(files, root, range(len(files)), progress, sizes)
    truth, flat = {}, 0
    for i, size in decodable.sizes.items():
        truth[i], dropped = _in_pixels(pictures[i], size, outputs, classes.names)
        flat += dropped
    if flat:
        progress.note(f"{where}: {flat} boxes without area are left out")
    return _parts(decodable, truth, len(learn), len(files), config, classes, where)


def _parts(
    decodable: Decoded,
    truth: dict[int, Detections],
    learn: int,
    total: int,
    config: LabelledConfig,
    classes: ModelClasses,
    where: str,
) -> Data:
    usable = np.array([i for i in range(learn) if i in truth], np.int64)
    strata = _rarest([truth[i].names for i in usable])
    parts = parted(strata, config.validation, config.seed)
    broken = [i for i in range(learn) if i in decodable.broken]
    learning = decodable.frames([*usable[parts.learn].tolist(), *broken], truth, "learn")
    shown = [truth[i].class_ids for i in learning.indices]
    classes.check_all_are_shown(np.concatenate(shown), where)
    measured = decodable.frames(range(learn, total), truth, "held_out")
    if not len(parts.validation):
        return Data(learning, some_of(learning), measured)
    chosen_by = decodable.frames(usable[parts.validation].tolist(), truth, "validation")
    return Data(learning, chosen_by, measured)


def _separated(
    learn: Sequence[Boxed], held_out: Sequence[Boxed] | float | FrameRange, where: str, seed: int
) -> tuple[Sequence[Boxed], Sequence[Boxed]]:
    """Pictures to learn from, and others."""
    if isinstance(held_out, FrameRange):
        if held_out.indices[-1] >= len(learn):
            raise DataError(
                f"{where}: `data.held_out` asks for picture {held_out.indices[-1]}, but there are "
                f"{len(learn)} (numbered from 0); lower `start`, `count` or `step`"
            )
        taken = set(held_out.indices)
        rest = [item for i, item in enumerate(learn) if i not in taken]
        if not rest:
            raise DataError(f"{where}: `data.held_out` leaves no picture to learn from")
        return rest, [learn[i] for i in held_out.indices]
    if isinstance(held_out, (int, float)):
        if len(learn) < 2:
            raise DataError(f"{where}: one picture cannot be shared out; give `data.held_out`")
        parts = parted(_strata(learn), held_out, seed + 1)
        return [learn[i] for i in parts.learn], [learn[i] for i in parts.validation]
    shared = sorted({item.image for item in learn} & {item.image for item in held_out})
    if shared:
        raise DataError(
            f"{where}: `data.learn` and `data.held_out` share {len(shared)} pictures, the first is "
            f"{shared[0].name}; what is learnt from cannot also judge: take others for one of them"
        )
    return learn, held_out


def _strata(pictures: Sequence[Boxed]) -> Places:
    return _rarest([item.names for item in pictures])


def _rarest(names: Sequence[tuple[str, ...]]) -> Places:
    """Of each picture the number of its rarest class, so that each part gets some of it."""
    counts = Counter(name for each in names for name in set(each))
    numbers = {name: i for i, (name, _) in enumerate(counts.most_common())}  # the rarer, the higher
    return np.array([max((numbers[name] for name in each), default=-1) for each in names], np.int64)


def _in_pixels(
    item: Boxed, size: Size, outputs: dict[str, int | None], names: tuple[str, ...]
) -> tuple[Detections, int]:
    """What is to be found, best as a detector could see it; and how many boxes were flat."""
    ids = np.array([-1 if outputs[n] is None else outputs[n] for n in item.names], np.int64)
    limit = np.array([*size, *size], np.float64)
    boxes = item.boxes * limit if item.shares else item.boxes
    wide = (boxes[:, 2:] > boxes[:, :2]).all(1)
    outside = wide & ((boxes[:, 2:] <= 0).any(1) | (boxes[:, :2] >= limit[:2]).any(1))
    if outside.any():
        box = ", ".join(f"{value:g}" for value in boxes[outside][0])
        raise DataError(
            f"{item.place}: the box {box} (x1, y1, x2, y2 in pixels) lies outside of "
            f"{item.image.name}, which is {size[0]} x {size[1]}; mend or remove the label"
        )
    keep = wide & (ids >= 0)
    found = Detections(
        np.clip(boxes[keep], 0, limit).astype(np.float32).reshape(-1, 4),
        np.ones(int(keep.sum()), np.float32),
        ids[keep],
        names,
    )
    return found, int((~wide & (ids >= 0)).sum())
