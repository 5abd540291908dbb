"""The file SHA256SUMS.sig of a bundle: who signed it, and whether that holds.

What is signed is SHA256SUMS, byte for byte, and it has the hash of each other file. Ed25519 is
RFC 8032. A signature is for a bundle only: a context that nothing else begins with stands before
the bytes that are signed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_compress.bundle.checksums import SIGNATURE, SUMS
from edge_compress.bundle.errors import SignatureError

if TYPE_CHECKING:
    from edge_compress.bundle.keys import PublicKey

MOST_SIGNATURES = 16
LARGEST = 4096  # bytes; 16 signatures take 3,400

_HEADER = "edge_compress bundle signature 1"
_CONTEXT = f"{_HEADER}\0".encode()
_FILE = re.compile(
    rb"%s\nsha256 (?P<sha256>[0-9a-f]{64})\n(?P<lines>(ed25519 [0-9a-f]{64} [0-9a-f]{128}\n){1,%d})"
    % (_HEADER.encode(), MOST_SIGNATURES)
)


@dataclass(frozen=True)
class Signature:
    """One line of the file.

    Attributes:
        key_id: sha256 of the signer's public key as DER SubjectPublicKeyInfo, in hex.
        value: the signature, 64 bytes.
    """

    key_id: str
    value: bytes


def signed_bytes(sums: bytes) -> bytes:
    """Return what is signed for the content of a SHA256SUMS."""
    return _CONTEXT + sums


def signature_text(signatures: Iterable[Signature], sha256: str) -> str:
    """Return the file's text: one way to write it, no other.

    Args:
        signatures: one of each key.
        sha256: of the SHA256SUMS that they sign, in hex. It is written down so that a bundle that
            was changed is found out without any key, too.
    """
    lines = sorted(f"ed25519 {one.key_id} {one.value.hex()}" for one in signatures)
    return "\n".join((_HEADER, f"sha256 {sha256}", *lines, ""))


def parse_signatures(path: Path, raw: bytes, sums: bytes) -> tuple[Signature, ...]:
    """Read the file; whether a signature holds is for `trusted_signers` to say.

    Args:
        path: of the bundle.
        raw: the file's content.
        sums: the content of SHA256SUMS.

    Raises:
        SignatureError: it is not as `signature_text` writes it, or is of another SHA256SUMS.
    """
    match = _FILE.fullmatch(raw)
    lines = match["lines"].decode().splitlines() if match is not None else []
    parts = [line.split(" ") for line in lines]
    signatures = {key_id: Signature(key_id, bytes.fromhex(value)) for _, key_id, value in parts}
    if match is None or lines != sorted(lines) or len(signatures) < len(lines):
        raise SignatureError(
            f"{path / SIGNATURE}: is damaged, or of a newer edge_compress; get the bundle again "
            "from whoever signed it"
        )
    if match["sha256"].decode() != hashlib.sha256(sums).hexdigest():
        raise SignatureError(
            f"{path / SIGNATURE}: does not belong to this {SUMS}: the bundle was changed after it "
            "was signed; get it again from whoever signed it"
        )
    return tuple(signatures.values())


def trusted_signers(
    path: Path, signatures: Sequence[Signature], sums: bytes, trusted: Sequence[PublicKey]
) -> tuple[str, ...]:
    """Return the ids of the trusted keys that signed a bundle, one at least.

    Args:
        path: of the bundle, for the message.
        signatures: of `parse_signatures`; none where the bundle is not signed.
        sums: the content of SHA256SUMS.
        trusted: keys any of which is enough.

    Raises:
        SignatureError: it is not signed, not by a trusted key, or a trusted key's signature is not
            of this SHA256SUMS.
    """
    if not signatures:
        raise SignatureError(
            f"{path}: is not signed, and only what a trusted key signed is taken; sign it where "
            "it was made: edge_compress sign BUNDLE --key PRIVATE.pem"
        )
    values = {one.key_id: one.value for one in signatures}
    signers = [key for key in trusted if key.id in values]
    if not signers:
        raise SignatureError(
            f"{path}: is signed by {_listed(values)}, which is not trusted; trusted: "
            + ", ".join(f"{key.id[:16]}… ({key.path})" for key in trusted)
        )
    for key in signers:
        if not key.verifies(values[key.id], signed_bytes(sums)):
            raise SignatureError(
                f"{path / SIGNATURE}: the signature by {key.id[:16]}… ({key.path}) does not fit "
                f"{SUMS}: one of them was changed; get the bundle again from whoever signed it"
            )
    return tuple(key.id for key in signers)


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(f"{key_id[:16]}…" for key_id in sorted(ids))
