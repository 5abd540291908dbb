"""Images and their label files, which have the same name but for the suffix."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge_compress.compress.data.errors import DataError
from edge_compress.compress.footage_source import images_in
from edge_compress.compress.progress import Progress


class Pair(NamedTuple):
    """An image, and its labels where there are any."""

    image: Path
    labels: Path | None


def paired(
    images: Path,
    labels: Path,
    suffix: str,
    progress: Progress,
    only: frozenset[str] | None = None,
) -> list[Pair]:
    """The images of a folder, in the order of their paths, with their label files.

    Args:
        images: folder, sub-folders included.
        labels: folder with the same sub-folders.
        suffix: of label files.
        progress: where labels without an image are counted.
        only: names of images without suffix; all of them for None.

    Raises:
        DataError: when there is no image, none has labels, two have the same, or one of `only` is
            not there.
    """
    by_name: dict[str, Path] = {}
    for path in images_in(images):
        name = str(path.relative_to(images).with_suffix(""))
        if (other := by_name.setdefault(name, path)) is not path and (only is None or name in only):
            raise DataError(
                f"{images}: {other.relative_to(images)} and {path.relative_to(images)} differ in "
                "their suffix alone, so that the same labels fit both: move one of them away"
            )
    if only is not None:
        if absent := sorted(only - by_name.keys()):
            raise DataError(
                f"{images}: has no image {absent[0]!r}; {len(absent)} of the {len(only)} that "
                "`data` names in its image set are not there"
            )
        by_name = {name: path for name, path in by_name.items() if name in only}
    if not by_name:
        raise DataError(f"{images}: the folder has no images")
    known = {str(path.relative_to(labels).with_suffix("")) for path in labels.rglob(f"*{suffix}")}
    pairs = [
        Pair(path, (labels / name).with_name(path.stem + suffix) if name in known else None)
        for name, path in by_name.items()
    ]
    if not known & by_name.keys():
        raise DataError(
            f"{images}: none of the {len(pairs)} images has its labels; looked for "
            f"{labels / next(iter(by_name))}{suffix} and the like"
        )
    alone = sorted(known - by_name.keys()) if only is None else []
    if alone:
        progress.note(
            f"{labels}: {len(alone)} label files have no image and are left out; the first is "
            f"{alone[0]}{suffix}"
        )
    return pairs
