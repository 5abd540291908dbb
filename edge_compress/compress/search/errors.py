"""What can be wrong with a search as a whole."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class SearchError(EdgeCompressError):
    """The search cannot begin or found nothing; the message says why and what to do."""
