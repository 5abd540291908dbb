"""What another source gives, unpacked."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from edge_compress.assets.asset import Source
from edge_compress.assets.errors import SourceError


@dataclass(frozen=True)
class Gunzipped:
    """A file that is kept as .gz. The bytes inside are what is fixed; those around them vary.

    Attributes:
        source: gives the .gz file.
    """

    source: Source

    def __str__(self) -> str:
        """Name the source."""
        return f"{self.source}, unpacked"

    def download(self, folder: Path) -> Path:
        """Let the source download, and unpack.

        Raises:
            SourceError: of the source, or when it gave no gzip file.
        """
        packed = self.source.download(folder)
        target = packed.with_name(f"{packed.name}.unpacked")
        try:
            with gzip.open(packed) as content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise SourceError(f"gave no whole gzip file ({error})") from error
        return target


@dataclass(frozen=True)
class Unzipped:
    """A file in a .zip.

    Attributes:
        source: gives the .zip file.
        member: the file's path inside.
    """

    source: Source
    member: str

    def __str__(self) -> str:
        """Name the source and the file."""
        return f"{self.member} in {self.source}"

    def download(self, folder: Path) -> Path:
        """Let the source download, and unpack the one file.

        Raises:
            SourceError: of the source, or when it gave no .zip with the file.
        """
        packed = self.source.download(folder)
        target = packed.with_name(f"{packed.name}.unpacked")
        try:
            with (
                zipfile.ZipFile(packed) as archive,
                archive.open(self.member) as content,
                target.open("wb") as file,
            ):
                shutil.copyfileobj(content, file)
        except (zipfile.BadZipFile, KeyError, EOFError, zlib.error) as error:
            raise SourceError(f"gave no .zip with the file ({error})") from error
        return target
