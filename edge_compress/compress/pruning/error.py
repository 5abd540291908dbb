"""What a user can mend about a pruning pass."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class PruningError(EdgeCompressError):
    """The pass cannot be carried out as it is written; the message names the key and the layer."""
