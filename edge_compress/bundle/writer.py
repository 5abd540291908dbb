"""Writing a bundle: all of it, or nothing."""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from edge_compress.bundle.checksums import (
    MANIFEST,
    SUMS,
    WRITTEN_LAST,
    is_plain_name,
    sums_text,
)
from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.schema import Manifest

_CHUNK = 1 << 20


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """See that a bundle may be written there; also before the long work that ends in one.

    Raises:
        BundleError: `path` exists and is not to be replaced, or is no bundle.
    """
    if not os.path.lexists(path):
        return
    if not overwrite:
        raise BundleError(f"{path}: exists already; choose another name or overwrite it")
    # Only a bundle is ever replaced: a slip in a path must not cost someone a folder.
    if path.is_symlink() or not (path / MANIFEST).is_file():
        raise BundleError(f"{path}: exists and is not a bundle; it is left alone")


class BundleWriter:
    """Collects files in a hidden folder beside the target and renames it when all are on the disk.

    A context manager: leaving it without `finish`, for whatever reason, removes the hidden folder.
    One that a killed run left behind is removed by the next writer of the same bundle.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        """Get ready to write `path`, the bundle's folder.

        Args:
            path: ``NAME.bundle``; its parent folders are made.
            overwrite: replace a bundle that is there already; it stays whole until the new one is.

        Raises:
            BundleError: `path` exists and is not to be replaced, or nothing can be written there.
        """
        self.path = path
        self._overwrite = overwrite
        self._digests: dict[str, str] = {}
        refuse_existing(path, overwrite=overwrite)
        with self._explained("cannot write there"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._remove_stale()
            self._folder = Path(tempfile.mkdtemp(prefix=self._prefix("tmp"), dir=path.parent))
            self._lock = os.open(self._folder, os.O_RDONLY)
            # Where a file system has no locks, what a killed run leaves is not cleaned up.
            with suppress(OSError):
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            # mkdtemp is private to the user; a bundle is for whoever runs the robot.
            self._folder.chmod(0o755)

    def __enter__(self) -> BundleWriter:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not finished."""
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)

    def add(self, name: str, source: Path | bytes | str) -> str:
        """Put a file into the bundle.

        Args:
            name: its name there, without folders.
            source: a file to copy, or the content; text is written as UTF-8.

        Returns:
            The sha256 of the file, in hex.

        Raises:
            BundleError: the name is taken or leads out, the source cannot be read, the disk is
                full.
        """
        if not is_plain_name(name):
            raise BundleError(f"{self.path}: {name!r} is not a plain file name")
        if name in WRITTEN_LAST or name in self._digests:
            raise BundleError(f"{self.path}: {name} is in the bundle already")
        return self._write(name, source)

    def finish(self, manifest: Manifest) -> Path:
        """Write the manifest and the checksums, and let the bundle appear under its name.

        Returns:
            The bundle's folder.

        Raises:
            BundleError: a variant's or extra's file was not added or is another, the disk is full,
                or something else took the bundle's name meanwhile.
        """
        for part in manifest.files:
            if self._digests.get(part.file) != part.sha256:
                raise BundleError(
                    f"{self.path}: the manifest's {part.file} ({part.sha256[:12]}…) was not "
                    "added to the bundle"
                )
        self._write(MANIFEST, manifest.model_dump_json(indent=2) + "\n")
        sums = sums_text(self._digests)
        self._write(SUMS, sums)
        refuse_existing(self.path, overwrite=self._overwrite)
        with self._explained("cannot be moved into place"):
            _sync_folder(self._folder)
            self._move_into_place()
            _sync_folder(self.path.parent)
        return self.path

    def _write(self, name: str, source: Path | bytes | str) -> str:
        if isinstance(source, str):
            source = source.encode()
        digest = hashlib.sha256()
        with self._explained(f"cannot write {name}"), (self._folder / name).open("xb") as file:
            for chunk in _chunks(source):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        self._digests[name] = digest.hexdigest()
        return self._digests[name]

    def _move_into_place(self) -> None:
        if not os.path.lexists(self.path):
            self._folder.rename(self.path)
            return
        aside = Path(tempfile.mkdtemp(prefix=self._prefix("old"), dir=self.path.parent))
        self.path.rename(aside)
        try:
            self._folder.rename(self.path)
        except OSError:
            aside.rename(self.path)
            raise
        shutil.rmtree(aside, ignore_errors=True)

    def _remove_stale(self) -> None:
        for folder in self.path.parent.glob(glob.escape(self._prefix("tmp")) + "*"):
            handle = os.open(folder, os.O_RDONLY)
            try:
                # Whoever still writes holds the lock; the lock of a killed process is gone.
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            else:
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)

    def _prefix(self, what: str) -> str:
        return f".{self.path.name}.{what}-"

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise BundleError(f"{self.path}: {what}: {reason}; nothing is left behind") from error


def _chunks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot sync a folder; the files themselves are synced.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)
