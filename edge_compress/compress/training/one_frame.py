"""Batch norm that is to learn from one frame alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edge_compress.compress.pass_base import PassFailed


@contextmanager
def one_frame_told(remedy: str) -> Iterator[None]:
    """Where maps are 1x1, one frame has one value a channel, and that has no variance.

    Args:
        remedy: what the user can do, for the message.

    Raises:
        PassFailed: instead of torch's own error.
    """
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise PassFailed(
            f"batch norm cannot take statistics of one frame where maps are 1x1: {remedy}"
        ) from error
