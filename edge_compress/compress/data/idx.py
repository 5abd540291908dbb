"""The idx format of MNIST and of the sets that are made like it."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_compress.compress.data.errors import DataError

_UNSIGNED_BYTES = 0x08


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """Read a file of unsigned bytes; one that ends in .gz is unpacked.

    The file: two zero bytes, the type of the values, the number of axes, their lengths as
    big-endian 32-bit numbers, the values. http://yann.lecun.com/exdb/mnist/

    Args:
        path: the file.
        axes: how many it must have.

    Raises:
        DataError: when it is not such a file, or not a whole one.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}); fetch it again") from error
    head = 4 + 4 * axes
    if len(content) < head or content[:4] != bytes((0, 0, _UNSIGNED_BYTES, axes)):
        raise DataError(
            f"{path}: not an idx file of unsigned bytes with {axes} axes; fetch it again"
        )
    shape = np.frombuffer(content, ">u4", axes, offset=4).tolist()
    values = np.frombuffer(content, np.uint8, offset=head)
    if len(values) != math.prod(shape):
        raise DataError(
            f"{path}: should hold {' x '.join(map(str, shape))} values, but holds {len(values)}: "
            "it is not whole; fetch it again"
        )
    return values.reshape(shape)
