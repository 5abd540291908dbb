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
        """Put the file into an empty folder and return its path there.

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
