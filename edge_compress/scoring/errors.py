"""What can go wrong before anything is scored."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class ScoringError(EdgeCompressError):
    """Detections cannot be scored: a setting is wrong, or the two sides do not fit together."""
