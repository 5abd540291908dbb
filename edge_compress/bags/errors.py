"""What may be wrong with a bag."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_compress.errors import EdgeCompressError


class BagError(EdgeCompressError):
    """A bag cannot be read or written; the message names the bag, and what to do."""


class BagCutOff(BagError):
    """A bag ends in the middle, as when its recorder was killed or its disk was full.

    It is raised when all that is whole has been read.
    """


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn the system's refusal to read a bag, as one of another user, into a BagError."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise BagError(f"{error.filename or path}: cannot be read: {why}") from error
