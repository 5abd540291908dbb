"""What `auto` cannot do without being told more."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class AutoError(EdgeCompressError):
    """The model, the data or the budget do not say enough; the message says what to give."""
