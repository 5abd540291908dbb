"""What can be wrong with a bundle."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class BundleError(EdgeCompressError):
    """A bundle cannot be written, or does not verify; the message names the file."""
