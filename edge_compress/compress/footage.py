"""Unlabelled footage: frames of a video, of a folder of images or of a bag."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from edge_compress.bags.path import is_bag
from edge_compress.compress.footage_source import (
    FootageError,
    FrameSource,
    ImageFolder,
    Unreadable,
    Video,
)
from edge_compress.compress.progress import Progress, Silent
from edge_compress.vision.detections import Detections

if TYPE_CHECKING:
    from edge_compress.compress.data.frames import FrameRange, FramesConfig

Image = NDArray[np.uint8]
MEMORY_BYTES = 2 * 1024**3

__all__ = ["FootageError", "Frames", "Image", "open_footage"]


class Memory:
    """Frames of one source, decoded once and kept up to a bound; the rest is decoded again."""

    def __init__(self, source: FrameSource, limit_bytes: int) -> None:
        self._source = source
        self._kept: dict[int, Image] = {}
        self._free = limit_bytes

    def get(self, index: int) -> Image:
        """One frame of the source, read-only."""
        image = self._kept.get(index)
        if image is None:
            image = self._source.read(index)
            image.flags.writeable = False  # one array serves many readers
            if image.nbytes <= self._free:
                self._kept[index] = image
                self._free -= image.nbytes
        return image


class Frames(Sequence[Image]):
    """Frames in order, each uint8 [height, width, 3] in BGR and read-only; sizes may differ.

    Attributes:
        name: what the footage is, for a report.
        indices: the number of each frame in its video or folder.
        skipped: what could not be decoded and is left out.
        truth: what somebody labelled in each frame, in source pixels with scores of 1 (a class
            alone is one row); None for footage that nobody labelled.
    """

    def __init__(
        self,
        memory: Memory,
        indices: Sequence[int],
        name: str,
        skipped: Sequence[str] = (),
        truth: Sequence[Detections] | None = None,
    ) -> None:
        self._memory = memory
        self.indices = tuple(indices)
        self.name = name
        self.skipped = tuple(skipped)
        self.truth = None if truth is None else tuple(truth)

    @classmethod
    def of(
        cls,
        images: Iterable[Image],
        name: str = "frames",
        truth: Sequence[Detections] | None = None,
    ) -> Frames:
        """Frames that are in memory already."""
        memory = Memory(_Given(list(images)), limit_bytes=0)
        return cls(memory, range(len(memory._source)), name, truth=truth)

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> Frames: ...
    def __getitem__(self, index: int | slice) -> Image | Frames:
        if isinstance(index, slice):
            return self.subset(index)
        return self._memory.get(self.indices[index])

    def subset(self, which: slice | Iterable[int]) -> Frames:
        """Some of these frames, by their place here; what is decoded is shared."""
        places = range(len(self))[which] if isinstance(which, slice) else list(which)
        indices = [self.indices[i] for i in places]
        truth = None if self.truth is None else [self.truth[i] for i in places]
        return Frames(self._memory, indices, self.name, self.skipped, truth)

    def spread(self, count: int) -> Frames:
        """At most `count` of these frames, evenly over all."""
        count = min(count, len(self))
        return self.subset([place * len(self) // count for place in range(count)])


class _Given(FrameSource):
    """Images as a source."""

    def __init__(self, images: list[Image]) -> None:
        self._images = images

    def __len__(self) -> int:
        return len(self._images)

    def read(self, index: int) -> Image:
        return self._images[index].view()


def open_footage(
    config: FramesConfig, *, progress: Progress | None = None, memory_bytes: int = MEMORY_BYTES
) -> tuple[Frames, Frames]:
    """The frames to learn from and the held-out ones, all decoded once.

    Decoding everything here finds a broken file before any hour is spent on it. A broken image of
    a folder is left out, named and counted; a video must be readable through.

    Raises:
        FootageError: naming the file and the key.
    """
    progress = progress or Silent()
    path = config.frames
    source = open_source(path, config.topic)
    if source.note:
        progress.note(source.note)
    for key, wanted in (("learn", config.learn), ("held_out", config.held_out)):
        if wanted.indices[-1] >= len(source):
            raise FootageError(
                f"{path}: `data.{key}` asks for frame {wanted.indices[-1]}, but there are "
                f"{len(source)} (numbered from 0); lower `start`, `count` or `step`"
            )
    memory = Memory(source, memory_bytes)
    decodable = _decode(source, memory, config, progress)
    return (
        _part(memory, config.learn, decodable, path.name, "learn", source),
        _part(memory, config.held_out, decodable, path.name, "held_out", source),
    )


def open_source(path: Path, topic: str = "") -> FrameSource:
    """Open a video, a folder of images or a bag.

    Args:
        path: file or folder.
        topic: of a bag; empty for its only one with images.

    Raises:
        FootageError: it cannot be used.
        BagError: nor can the bag.
    """
    if is_bag(path):
        from edge_compress.compress.footage_bag import BagFrames

        return BagFrames(path, topic)
    if topic:
        raise FootageError(f"{path}: `data.topic` is for bags, and this is none: leave it out")
    return ImageFolder(path) if path.is_dir() else Video(path)


def _decode(
    source: FrameSource, memory: Memory, config: FramesConfig, progress: Progress
) -> set[int]:
    wanted = sorted({*config.learn.indices, *config.held_out.indices})
    decodable = set(wanted)
    broken = []
    for index in progress.track(wanted, f"decode {config.frames.name}", len(wanted)):
        try:
            memory.get(index)
        except Unreadable as error:
            decodable.remove(index)
            broken.append(str(error))
    if broken:
        progress.note(f"{len(broken)} of {len(wanted)} images left out: {'; '.join(broken)}")
    return decodable


def _part(
    memory: Memory,
    wanted: FrameRange,
    decodable: set[int],
    name: str,
    key: str,
    source: FrameSource,
) -> Frames:
    kept = [i for i in wanted.indices if i in decodable]
    if not kept:
        raise FootageError(f"{name}: no image of `data.{key}` can be decoded")
    skipped = [source.label(i) for i in wanted.indices if i not in decodable]
    return Frames(memory, kept, name, skipped)
