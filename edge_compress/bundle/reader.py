"""Opening a bundle: only one whose every byte is as it was written, and signed, where asked."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from edge_compress.bundle.checksums import (
    MANIFEST,
    SIGNATURE,
    SUMS,
    WRITTEN_LAST,
    file_sha256,
    is_plain_name,
    sums_text,
)
from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.schema import SCHEMA_VERSION, BundledFile, Manifest, Variant
from edge_compress.bundle.signature import LARGEST, Signature, parse_signatures, trusted_signers

if TYPE_CHECKING:
    from edge_compress.bundle.keys import PublicKey

_LARGEST_SUMS = 1 << 20  # bytes, for some thousand files


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.

    Attributes:
        path: its folder.
        manifest: what is in it.
        sums: the content of SHA256SUMS.
        signatures: as they are written there; whether they hold was asked for `trusted_keys` only.
        signers: ids of the trusted keys that signed it; none where no key was given.
    """

    path: Path
    manifest: Manifest
    sums: bytes = field(default=b"", repr=False)
    signatures: tuple[Signature, ...] = ()
    signers: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: Path | str, trusted_keys: Sequence[Path | str] = ()) -> Bundle:
        """Verify a bundle and read its manifest. Each byte is read once.

        Args:
            path: its folder.
            trusted_keys: PEM files of public keys, one of which must have signed it; none takes a
                bundle whoever made it.

        Raises:
            BundleError: something is missing, changed, not listed, leads out of the folder, or was
                made by a newer version; the message names the file.
            SignatureError: it is not signed by a trusted key, or was changed after it was signed.
            SigningKeyError: a trusted key cannot be read.
        """
        path = Path(path)
        try:
            return _open(path, _public_keys(trusted_keys))
        except OSError as error:
            where = error.filename or path
            raise BundleError(f"{where}: cannot be read: {error.strerror or error}") from error

    def file(self, variant: Variant) -> Path:
        """Return the path of a variant's model file."""
        return self.path / variant.file

    def read(self, part: BundledFile) -> bytes:
        """Return the content of a file, as it was when the bundle was opened.

        Raises:
            BundleError: it is gone, or has been changed since.
        """
        path = self.path / part.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BundleError(f"{path}: cannot be read: {error.strerror or error}") from error
        if hashlib.sha256(content).hexdigest() != part.sha256:
            raise BundleError(f"{path}: was changed after the bundle was opened; open it again")
        return content


def _public_keys(paths: Sequence[Path | str]) -> Sequence[PublicKey]:
    if not paths:
        return ()
    # Imported only here: a robot that trusts whatever it is given needs no `cryptography`.
    from edge_compress.bundle.keys import load_public_keys

    return load_public_keys(paths)


def _open(path: Path, trusted: Sequence[PublicKey]) -> Bundle:
    if not path.is_dir():
        raise BundleError(f"{path}: not a bundle: no such folder")
    names = _regular_files(path)
    for needed in (MANIFEST, SUMS):
        if needed not in names:
            raise BundleError(f"{path / needed}: is missing, so this is not a whole bundle")

    sums = _bounded(path / SUMS, _LARGEST_SUMS)
    signatures: tuple[Signature, ...] = ()
    if SIGNATURE in names:
        signatures = parse_signatures(path, _bounded(path / SIGNATURE, LARGEST), sums)
    # Before anything else is read, let alone parsed: it may come from anybody.
    signers = trusted_signers(path, signatures, sums, trusted) if trusted else ()

    manifest_bytes = (path / MANIFEST).read_bytes()
    digests = {MANIFEST: hashlib.sha256(manifest_bytes).hexdigest()}
    for name in names.difference(WRITTEN_LAST):
        digests[name] = file_sha256(path / name)
    # Compared as text, so that a change in SHA256SUMS itself cannot go unseen either.
    if sums != sums_text(digests).encode():
        raise BundleError(_what_differs(path, sums, digests))

    manifest = _parse(path / MANIFEST, manifest_bytes)
    for part in manifest.files:
        if part.file not in digests:
            raise BundleError(f"{path / part.file}: the manifest names it, but it is missing")
        if digests[part.file] != part.sha256:
            raise BundleError(f"{path / part.file}: is not the file that the manifest describes")
    return Bundle(path, manifest, sums, signatures, signers)


def _bounded(path: Path, most: int) -> bytes:
    """Read a file that is small in every bundle; a larger one is cut, and is refused for that."""
    with path.open("rb") as file:
        return file.read(most)


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
