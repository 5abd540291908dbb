"""Opening a bundle: only one whose every byte is as it was written."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from edge_compress.bundle.checksums import MANIFEST, SUMS, file_sha256, is_plain_name, sums_text
from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.schema import SCHEMA_VERSION, Manifest, Variant


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.

    Attributes:
        path: its folder.
        manifest: what is in it.
    """

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path | str) -> Bundle:
        """Verify a bundle and read its manifest. Each byte is read once.

        Raises:
            BundleError: something is missing, changed, not listed, leads out of the folder, or was
                made by a newer version; the message names the file.
        """
        path = Path(path)
        try:
            return _open(path)
        except OSError as error:
            where = error.filename or path
            raise BundleError(f"{where}: cannot be read: {error.strerror or error}") from error

    def file(self, variant: Variant) -> Path:
        """Return the path of a variant's model file."""
        return self.path / variant.file


def _open(path: Path) -> Bundle:
    if not path.is_dir():
        raise BundleError(f"{path}: not a bundle: no such folder")
    names = _regular_files(path)
    for needed in (MANIFEST, SUMS):
        if needed not in names:
            raise BundleError(f"{path / needed}: is missing, so this is not a whole bundle")

    manifest_bytes = (path / MANIFEST).read_bytes()
    digests = {MANIFEST: hashlib.sha256(manifest_bytes).hexdigest()}
    for name in names - {MANIFEST, SUMS}:
        digests[name] = file_sha256(path / name)
    sums = (path / SUMS).read_bytes()
    # Compared as text, so that a change in SHA256SUMS itself cannot go unseen either.
    if sums != sums_text(digests).encode():
        raise BundleError(_what_differs(path, sums, digests))

    manifest = _parse(path / MANIFEST, manifest_bytes)
    for part in manifest.files:
        if part.file not in digests:
            raise BundleError(f"{path / part.file}: the manifest names it, but it is missing")
        if digests[part.file] != part.sha256:
            raise BundleError(f"{path / part.file}: is not the file that the manifest describes")
    return Bundle(path, manifest)


def _regular_files(path: Path) -> set[str]:
    names = set()
    for entry in os.scandir(path):
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise BundleError(f"{entry.path}: is a symbolic link; it may lead out of the bundle")
        if not stat.S_ISREG(mode):
            raise BundleError(f"{entry.path}: is not a regular file; a bundle holds nothing else")
        names.add(entry.name)
    return names


def _what_differs(path: Path, sums: bytes, digests: Mapping[str, str]) -> str:
    """Return the message for a SHA256SUMS that is not what the files would give."""
    damaged = f"{path / SUMS}: is damaged; copy or make the bundle again"
    listed: dict[str, str] = {}
    for line in sums.decode("utf-8", errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        if not is_plain_name(name):
            return f"{path / SUMS}: lists {name!r}, which is no plain file name in the bundle"
        listed[name] = digest
    for name in sorted(listed.keys() - digests.keys()):
        return f"{path / name}: is missing, but SHA256SUMS lists it"
    for name in sorted(digests.keys() - listed.keys()):
        return f"{path / name}: is not listed in SHA256SUMS; a bundle holds nothing else"
    for name, digest in sorted(digests.items()):
        if listed[name] != digest:
            return (
                f"{path / name}: its sha256 is not the one in SHA256SUMS; copy or make the bundle "
                "again"
            )
    return damaged


def _parse(path: Path, raw: bytes) -> Manifest:
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise BundleError(f"{path}: is not JSON: {error}") from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    # Looked at first: a newer schema may have keys that this version would call unknown.
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BundleError(
            f"{path}: made by a newer edge_compress (schema {version}, this one reads "
            f"{SCHEMA_VERSION}); update edge_compress on this machine"
        )
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BundleError(f"{path}: {key}: {first['msg']}") from error
