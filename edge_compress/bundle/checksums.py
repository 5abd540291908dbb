"""The SHA256SUMS file of a bundle, in the format of ``sha256sum``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
# What SHA256SUMS does not list, or what is written anew whenever a bundle is: never copied.
WRITTEN_LAST = (MANIFEST, SUMS, SIGNATURE)

_CHUNK = 1 << 20


def sums_text(digests: Mapping[str, str]) -> str:
    """Return the text of SHA256SUMS for hex digests by file name: one way to write it, no other."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))


def file_sha256(path: Path) -> str:
    """Return the hex sha256 of a file, read once and never whole in memory."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def is_plain_name(name: str) -> bool:
    """Say whether `name` is a file name that cannot lead out of its folder or break a line."""
    return (
        name not in ("", ".", "..") and not any(c in name for c in "/\\\0") and name.isprintable()
    )
