"""Ed25519 keys in PEM files, as OpenSSL writes and reads them (RFC 8410).

To be imported where a key is needed, and not before: without `cryptography` it raises
SigningKeyError.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge_compress.bundle.errors import SigningKeyError

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )
except ImportError as error:
    raise SigningKeyError(
        "signatures need the Python package cryptography, which is not installed; run: "
        "pip install 'edge_compress[runtime]', or apt install python3-cryptography"
    ) from error

_LARGEST = 1 << 14  # bytes; a key's file has some hundred
_HOW_TO_MAKE = "make one with: edge_compress sign --new-key PRIVATE.pem"


@dataclass(frozen=True)
class PublicKey:
    """A key to verify with.

    Attributes:
        path: where it was read.
        id: sha256 of the key as DER SubjectPublicKeyInfo, in hex: what
            ``openssl pkey -pubin -in FILE -outform DER | sha256sum`` prints.
    """

    path: Path
    id: str
    _key: Ed25519PublicKey = field(repr=False)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Say whether this key's owner signed the message."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class PrivateKey:
    """A key to sign with.

    Attributes:
        path: where it was read.
        id: of the public key that belongs to it.
    """

    path: Path
    id: str
    _key: Ed25519PrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, 64 bytes."""
        return self._key.sign(message)


def load_public_keys(paths: Sequence[Path | str]) -> tuple[PublicKey, ...]:
    """Read public keys, one of each file.

    Raises:
        SigningKeyError: a file is missing, is no Ed25519 public key, or may be written by anybody.
    """
    return tuple(_public_key(Path(path)) for path in paths)


def load_private_key(path: Path, passphrase: Callable[[], bytes]) -> PrivateKey:
    """Read a private key.

    Args:
        path: of the PEM file, PKCS8.
        passphrase: asked for, where the file is encrypted.

    Raises:
        SigningKeyError: the file is missing, is no Ed25519 private key, may be read by others, or
            the passphrase is wrong.
    """
    pem = _read(path, _refuse_what_others_read)
    if b"PUBLIC KEY" in pem:
        raise SigningKeyError(f"{path}: is a public key; to sign takes the private one")
    secret = passphrase() if b"ENCRYPTED" in pem else None
    try:
        key = serialization.load_pem_private_key(pem, password=secret or None)
    except Exception as error:  # ValueError, TypeError, UnsupportedAlgorithm; differs by version
        if secret is not None:
            raise SigningKeyError(
                f"{path}: the passphrase is wrong, or the file damaged"
            ) from error
        raise SigningKeyError(f"{path}: is no private key in PEM (PKCS8)") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"{path}: is not an Ed25519 key; {_HOW_TO_MAKE}")
    return PrivateKey(path, fingerprint(key.public_key()), key)


def _public_key(path: Path) -> PublicKey:
    pem = _read(path, _refuse_what_all_write)
    if b"PRIVATE KEY" in pem:
        raise SigningKeyError(
            f"{path}: is a private key, which belongs on no robot; trust the public one beside it"
        )
    # The library reads the first key and is silent about the others.
    if pem.count(b"-----BEGIN ") > 1:
        raise SigningKeyError(f"{path}: has several keys; give each a file of its own")
    try:
        key = serialization.load_pem_public_key(pem)
    except Exception as error:  # ValueError, UnsupportedAlgorithm; differs by version
        raise SigningKeyError(f"{path}: is no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise SigningKeyError(f"{path}: is not an Ed25519 key; {_HOW_TO_MAKE}")
    return PublicKey(path, fingerprint(key), key)


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return a key's id: the sha256 of its DER SubjectPublicKeyInfo, in hex."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()


def _read(path: Path, check: Callable[[Path, os.stat_result], None]) -> bytes:
    """Read a small file whose owner and mode pass a check."""
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise SigningKeyError(f"{path}: is not a file with a key")
            check(path, about)
            content = file.read(_LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SigningKeyError(f"{path}: the key cannot be read: {reason}") from error
    if len(content) > _LARGEST:
        raise SigningKeyError(f"{path}: is too large for a key in PEM")
    return content


def _refuse_what_others_read(path: Path, about: os.stat_result) -> None:
    """Be as strict as ssh with the user's own key; nobody's key is for all to read."""
    asked = 0o077 if about.st_uid == os.getuid() else 0o007
    if about.st_mode & asked:
        raise SigningKeyError(
            f"{path}: others may use this private key (its mode is "
            f"{stat.S_IMODE(about.st_mode):04o}); run: chmod 600 {path}"
        )


def _refuse_what_all_write(path: Path, about: os.stat_result) -> None:
    if about.st_mode & 0o002:
        raise SigningKeyError(
            f"{path}: anybody may replace this trusted key; run: chmod o-w {path}"
        )
