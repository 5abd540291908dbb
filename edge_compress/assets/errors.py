"""What goes wrong with assets."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class AssetError(EdgeCompressError):
    """No asset has that name, or none of its sources gave the right file."""


class SourceError(Exception):
    """One source gave no file; the next one is tried. The message is a single line."""
