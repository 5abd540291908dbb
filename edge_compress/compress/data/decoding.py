"""Decode pictures once before the work, so that broken ones are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_compress.compress.data.errors import DataError
from edge_compress.compress.footage import MEMORY_BYTES, Frames, Memory
from edge_compress.compress.footage_source import ImageFiles, Unreadable
from edge_compress.compress.progress import Progress
from edge_compress.vision.detections import Detections

Size = tuple[int, int]  # width, height in pixels


@dataclass(frozen=True)
class Decoded:
    """Pictures that can be decoded.

    Attributes:
        name: of the data set.
        memory: has the pictures, by their place in the list of files.
        sizes: of each picture that can be used.
        broken: the names of the others.
    """

    name: str
    memory: Memory
    sizes: Mapping[int, Size]
    broken: Mapping[int, str]

    def frames(self, places: Sequence[int], truth: Mapping[int, Detections], part: str) -> Frames:
        """Those of `places` that can be used, with their labels.

        Raises:
            DataError: when none can.
        """
        usable = [i for i in places if i in self.sizes]
        if not usable:
            raise DataError(f"{self.name}: no picture of the {part} part can be used")
        skipped = [self.broken[i] for i in places if i in self.broken]
        return Frames(self.memory, usable, self.name, skipped, [truth[i] for i in usable])


def decoded(
    files: Sequence[Path],
    root: Path,
    wanted: Sequence[int],
    progress: Progress,
    labelled_sizes: Mapping[int, Size] | None = None,
) -> Decoded:
    """Decode the wanted ones of `files`; what cannot be used is named in a note.

    Args:
        files: paths of images.
        root: a folder above them, which names the data set.
        wanted: places in `files`.
        progress: where to report.
        labelled_sizes: of the pictures that labels were made for, where they say it. One of another
            size (often turned by its EXIF data) does not fit its labels, and is left out.
    """
    source = ImageFiles(files, root)
    memory = Memory(source, MEMORY_BYTES)
    sizes: dict[int, Size] = {}
    broken: dict[int, str] = {}
    told = []
    for i in progress.track(sorted(wanted), f"decode {root.name}", len(wanted)):
        try:
            height, width = memory.get(i).shape[:2]
        except Unreadable as error:
            broken[i] = source.label(i)
            told.append(str(error))
            continue
        labelled = (labelled_sizes or {}).get(i, (width, height))
        if labelled != (width, height):
            broken[i] = source.label(i)
            told.append(
                f"{source.label(i)} (is {width} x {height}, its labels are for "
                f"{labelled[0]} x {labelled[1]})"
            )
            continue
        sizes[i] = (width, height)
    if told:
        progress.note(f"{len(told)} of {len(wanted)} images left out: {'; '.join(told[:20])}")
    return Decoded(root.name, memory, sizes, broken)
