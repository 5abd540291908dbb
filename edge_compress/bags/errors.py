"""What may be wrong with a bag."""

from __future__ import annotations

from edge_compress.errors import EdgeCompressError


class BagError(EdgeCompressError):
    """A bag cannot be read or written; the message names the bag, and what to do."""


class BagCutOff(BagError):
    """A bag ends in the middle, as when its recorder was killed or its disk was full.

    It is raised when all that is whole has been read.
    """
