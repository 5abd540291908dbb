"""One file out of a package of Debian or Ubuntu."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_compress.assets.errors import SourceError
from edge_compress.assets.sources.command import run
from edge_compress.assets.sources.place import place_for

_TIMEOUTS = ("-o", "Acquire::http::Timeout=10", "-o", "Acquire::Retries=1")


@dataclass(frozen=True)
class DebianSource:
    """A file inside a .deb. The package is not installed, and root is not needed.

    Attributes:
        package: its name, as apt-get knows it.
        member: the file's path inside, without the leading slash.
    """

    package: str
    member: str

    def __str__(self) -> str:
        """Name the package and the file."""
        return f"/{self.member} in the Debian package {self.package}"

    def download(self, folder: Path) -> Path:
        """Download the package with apt-get and unpack it here.

        Raises:
            SourceError: this is no Debian or Ubuntu, the package is not to be had, or it does not
                hold the file.
        """
        place = place_for(folder, self.package)
        content = place / "content"
        if not content.is_dir():
            self._unpack(place, content)
        target = content / self.member
        if target.is_symlink() or not target.is_file():
            raise SourceError("the package does not hold the file")
        return target

    def _unpack(self, place: Path, content: Path) -> None:
        try:
            run(["apt-get", *_TIMEOUTS, "download", self.package], place)
        except SourceError:
            self._download_with_own_lists(place)
        packages = list(place.glob("*.deb"))
        if not packages:
            raise SourceError("apt-get downloaded no package")
        run(["dpkg-deb", "--extract", packages[0].name, content.name], place)

    def _download_with_own_lists(self, folder: Path) -> None:
        """Do it with package lists of our own: the system's may be missing, old, or root's."""
        for name in ("lists/partial", "archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        own = ["apt-get", *_TIMEOUTS]
        own += ["-o", f"Dir::State::lists={folder / 'lists'}", "-o", f"Dir::Cache={folder}"]
        run([*own, "update"], folder)
        run([*own, "download", self.package], folder)
