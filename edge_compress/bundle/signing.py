"""Signing a bundle: what a robot that trusts the signer's key then takes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edge_compress.bundle.checksums import SIGNATURE
from edge_compress.bundle.errors import BundleError, SignatureError
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.signature import (
    MOST_SIGNATURES,
    Signature,
    signature_text,
    signed_bytes,
)

if TYPE_CHECKING:
    from edge_compress.bundle.keys import PrivateKey


def sign(path: Path, key: PrivateKey) -> Bundle:
    """Add a signature to a bundle, beside those of other keys; it appears whole or not at all.

    Nothing else of the bundle changes: whoever asks for no signature reads it as before.

    Args:
        path: of the bundle.
        key: of the signer.

    Returns:
        The signed bundle.

    Raises:
        BundleError: the bundle does not verify, has 16 signers already, or cannot be written.
    """
    bundle = Bundle.open(path)
    # What was verified is signed, not what the file may hold by now.
    sums = bundle.sums
    others = [one for one in bundle.signatures if one.key_id != key.id]
    if len(others) >= MOST_SIGNATURES:
        raise SignatureError(f"{path}: has {len(others)} signatures already; there is no more room")
    mine = Signature(key.id, key.sign(signed_bytes(sums)))
    text = signature_text([*others, mine], hashlib.sha256(sums).hexdigest())
    _write(bundle.path, text.encode())
    return Bundle.open(path)


def _write(bundle: Path, content: bytes) -> None:
    # Beside the bundle, in which a reader would take a temporary file for one too many.
    folder = bundle.resolve().parent
    try:
        handle, written = tempfile.mkstemp(prefix=f".{bundle.name}.sig-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(written).replace(bundle / SIGNATURE)
        except BaseException:
            Path(written).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise BundleError(f"{bundle}: cannot be signed: {reason}") from error
