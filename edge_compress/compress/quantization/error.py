"""The one error of this package."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class QuantizationError(EdgeCompressError):
    """Quantization was asked for in a way that cannot work; the message says what to change."""
