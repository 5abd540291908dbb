"""What an asset is, and what it can come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Source(Protocol):
    """One place that an asset can come from."""

    def __str__(self) -> str:
        """Name the place, for messages."""

    def download(self, folder: Path) -> Path:
        """Put the file somewhere into a folder of the downloads' own and return its path there.

        What an earlier call left in the folder may be used again: an archive that holds several
        files of a collection is downloaded once.

        Raises:
            SourceError: the place does not answer, or does not have the file.
        """


@dataclass(frozen=True)
class Asset:
    """A file that is fixed by its hash.

    Attributes:
        name: the file's name in the cache.
        sha256: of its content, in hexadecimal.
        about: what it is and under which licence, in a line.
        sources: where to get it, tried in this order.
    """

    name: str
    sha256: str
    about: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Collection:
    """Files that are used together, in a folder of the cache, such as those of a data set.

    Attributes:
        name: the folder's name in the cache.
        about: what it is and under which licence, in a line.
        files: what lies in the folder.
    """

    name: str
    about: str
    files: tuple[Asset, ...]
