"""Making a pair of Ed25519 keys, as PEM files."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_compress.bundle.errors import SigningKeyError
from edge_compress.bundle.keys import fingerprint


def new_key(path: Path, passphrase: bytes) -> tuple[Path, str]:
    """Write a new private key, and the public key beside it as ``NAME.pub.pem``.

    Args:
        path: of the private key; only its owner may read the file.
        passphrase: what it is encrypted with; empty leaves it plain.

    Returns:
        Where the public key is, and its id.

    Raises:
        SigningKeyError: one of the files exists, or cannot be written; none is left half written.
    """
    public_path = path.with_suffix(".pub.pem")
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write_new(path, private, 0o600)
    try:
        _write_new(public_path, public, 0o644)
    except SigningKeyError:
        path.unlink(missing_ok=True)
        raise
    return public_path, fingerprint(key.public_key())


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise SigningKeyError(f"{path}: exists already; a key is never replaced") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SigningKeyError(f"{path}: the key cannot be written: {reason}") from error
