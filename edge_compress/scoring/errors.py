"""What can go wrong before anything is scored."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class ScoringError(EdgeCompressError):
    """Detections cannot be scored: a setting is wrong, or the two sides do not fit together."""


def check_topics(detections: str, ground_truth: str) -> None:
    """Refuse one topic as both sides, which would find every object of itself.

    Raises:
        ScoringError: they are the same.
    """
    if detections == ground_truth:
        raise ScoringError(
            f"{detections} is given as detections and as ground truth: name two topics"
        )
