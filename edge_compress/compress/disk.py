"""A full disk, told as what it is wherever it strikes."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from edge_compress.errors import EdgeCompressError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


class DiskError(EdgeCompressError):
    """A file cannot be written; the message says which one and why."""


@contextmanager
def disk_errors_told() -> Iterator[None]:
    """Turn what the system says of a full disk into one message.

    Raises:
        DiskError: instead of the OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        where = f"{error.filename}: " if error.filename else ""
        raise DiskError(
            f"{where}{error.strerror}; make room and run again: what is finished is kept"
        ) from error
