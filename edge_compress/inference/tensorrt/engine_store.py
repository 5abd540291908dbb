"""Engines on disk: whole and the right one, or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_compress.inference.session import ProviderError
from edge_compress.inference.tensorrt.engine_key import EngineKey

_LOG = logging.getLogger(__name__)

CACHE_VARIABLE = "EDGE_COMPRESS_CACHE"
_MAGIC = b"edge_compress engine 1\n"
_LENGTH = 8  # bytes that tell how long the header is
_LONGEST_HEADER = 1 << 16
_WAIT_SECONDS = 0.5


def default_folder() -> Path:
    """Return where engines are kept unless told otherwise."""
    cache = os.environ.get(CACHE_VARIABLE)
    if cache:
        return Path(cache) / "engines"
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "edge_compress" / "engines"


@dataclass(frozen=True)
class EngineStore:
    """A folder of engines, which belongs to one user: an engine is code, and is run.

    Each file begins with the engine's whole key and the sha256 of what follows, so that a damaged
    file, or one that was renamed or made by another version, is never given to TensorRT; nor is one
    that another user than this one or root owns, or others may write.

    Attributes:
        folder: made when something is written.
    """

    folder: Path

    def path(self, key: EngineKey) -> Path:
        """Return where an engine is or would be."""
        return self.folder / key.file_name

    def read(self, key: EngineKey) -> bytes | None:
        """Return a serialized engine, or None where there is no whole one of this key."""
        path = self.path(key)
        try:
            with path.open("rb") as file:
                about = os.fstat(file.fileno())
                # An engine is code. Its hash says that it is whole, not who put it there.
                if about.st_uid not in (os.geteuid(), 0) or about.st_mode & 0o022:
                    _LOG.warning("%s: others may have written it, so it is built anew", path)
                    return None
                content = file.read()
        except OSError:
            return None
        header, plan = _split(content)
        if header.get("key") != key.as_json:
            return None
        if header.get("sha256") != hashlib.sha256(plan).hexdigest():
            return None
        return plan

    def write(self, key: EngineKey, plan: bytes, seconds: float) -> Path:
        """Keep an engine: it appears whole, or not at all.

        Args:
            key: its identity.
            plan: the serialized engine.
            seconds: how long the build took; the next build's estimate.

        Raises:
            ProviderError: the folder cannot be written, or the disk is full.
        """
        digest = hashlib.sha256(plan).hexdigest()
        header = json.dumps({"key": key.as_json, "sha256": digest, "seconds": seconds}).encode()
        content = b"".join((_MAGIC, len(header).to_bytes(_LENGTH, "big"), header, plan))
        return self._replace(key.file_name, content)

    def discard(self, key: EngineKey) -> None:
        """Remove an engine that TensorRT refused."""
        with suppress(OSError):
            self.path(key).unlink()

    def earlier_seconds(self, key: EngineKey) -> float | None:
        """Return how long the newest engine of the same model took to build, if there is one."""
        for path in self._newest_first(f"{key.model_prefix}-*.engine"):
            with suppress(OSError), path.open("rb") as file:
                header, _ = _split(file.read(len(_MAGIC) + _LENGTH + _LONGEST_HEADER))
                if isinstance(header.get("seconds"), float):
                    return float(header["seconds"])
        return None

    def read_timings(self, key: EngineKey) -> bytes:
        """Return the timing cache for a key's GPU and TensorRT; empty where there is none."""
        try:
            return (self.folder / key.timing_name).read_bytes()
        except OSError:
            return b""

    def write_timings(self, key: EngineKey, timings: bytes) -> None:
        """Keep a timing cache.

        Raises:
            ProviderError: the folder cannot be written, or the disk is full.
        """
        self._replace(key.timing_name, timings)

    @contextmanager
    def lock(self, key: EngineKey, go_on: Callable[[], bool]) -> Iterator[None]:
        """Hold an engine for this process; another that wants it waits, and then finds it built.

        Args:
            key: the engine's.
            go_on: asked while another process holds it.

        Raises:
            ProviderError: the folder cannot be written, or `go_on` said no.
        """
        with self._explained():
            self._make_folder()
            handle = os.open(self.path(key).with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while not _locked(handle):
                if not go_on():
                    raise ProviderError("gave up waiting for another process that builds it")
                time.sleep(_WAIT_SECONDS)
            yield
        finally:
            os.close(handle)  # and with it the lock

    def _newest_first(self, pattern: str) -> list[Path]:
        try:
            dated = [(path.stat().st_mtime, path) for path in self.folder.glob(pattern)]
        except OSError:
            return []
        return [path for _, path in sorted(dated, reverse=True)]

    def _replace(self, name: str, content: bytes) -> Path:
        target = self.folder / name
        with self._explained():
            self._make_folder()
            handle, written = tempfile.mkstemp(prefix=f".{name}-", dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(written).replace(target)
            except BaseException:
                Path(written).unlink(missing_ok=True)
                raise
        return target

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ProviderError(
                f"{self.folder}: engines cannot be kept there: {error.strerror or error}; set "
                f"{CACHE_VARIABLE} or `cache` to a folder with room that can be written"
            ) from error


def _split(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return header and engine; an empty header for what is no file of ours."""
    start = len(_MAGIC) + _LENGTH
    if not content.startswith(_MAGIC) or len(content) < start:
        return {}, b""
    length = int.from_bytes(content[len(_MAGIC) : start], "big")
    try:
        header = json.loads(content[start : start + length])
    except ValueError:
        return {}, b""
    return (header if isinstance(header, dict) else {}), content[start + length :]


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Where a file system has no locks, two processes may both build; the later one wins.
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
    return True
