"""What can be wrong with a bundle."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class BundleError(EdgeCompressError):
    """A bundle cannot be written, or does not verify; the message names the file."""


class SignatureError(BundleError):
    """A bundle is not signed by a trusted key, or was changed after it was signed."""


class SigningKeyError(EdgeCompressError):
    """A file holds no key to sign or to verify with, or may not be used; the message names it."""
