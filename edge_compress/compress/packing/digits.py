"""Small whole numbers as the digits of large ones: each takes just over log2(base) bits.

Bit fields waste much where the number of levels is no power of two: a ternary weight would take two
bits, while 39 digits of base 3 fit the 63 bits of an int64, 1.64 bits each. One Div and one Mod
take them apart again, for any base.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from edge_compress.compress.packing.additions import Additions, integers

WORD_BITS = 63  # of an int64 that is not negative
_BYTE = 8
_LARGEST_BYTE_BASE = 256


def digits_per_word(base: int) -> int:
    """The most digits of this base, at least 2, that an int64 holds."""
    digits = 1
    while base ** (digits + 1) <= 1 << WORD_BITS:
        digits += 1
    return digits


def packed_bytes(count: int, base: int) -> int:
    """What `count` digits of a base take."""
    if _as_bytes(base):
        return count
    return -(-count // digits_per_word(base)) * _BYTE


def write_digits(
    additions: Additions, digits: NDArray[np.int64], base: int, *, to: int = TensorProto.INT64
) -> str:
    """Store whole numbers and unpack them in the graph.

    Args:
        additions: where the constants and nodes go.
        digits: from 0 to base - 1, of any shape.
        base: at least 2, below 2^31.
        to: the ONNX element type that is wanted.

    Returns:
        The name of a value of that shape and type.
    """
    if _as_bytes(base):
        return additions.node("Cast", additions.constant(digits.astype(np.uint8)), to=to)
    each = digits_per_word(base)
    powers = integers(*(base**place for place in range(each)))
    words = additions.constant(_words(digits.reshape(-1), powers))
    high = additions.node("Div", words, additions.constant(powers))
    value = additions.node("Mod", high, additions.constant(np.array(base, np.int64)))
    if digits.size % each:
        value = additions.node("Reshape", value, additions.constant(integers(-1)))
        first, end = (additions.constant(integers(n)) for n in (0, digits.size))
        value = additions.node("Slice", value, first, end)
    value = additions.node("Reshape", value, additions.constant(integers(*digits.shape)))
    return value if to == TensorProto.INT64 else additions.node("Cast", value, to=to)


def _words(digits: NDArray[np.int64], powers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Int64 [words, 1], the first digit the lowest; the last word is filled up with zeros."""
    each = len(powers)
    padded = np.zeros(-(-digits.size // each) * each, np.int64)
    padded[: digits.size] = digits
    return (padded.reshape(-1, each) @ powers)[:, None]


def _as_bytes(base: int) -> bool:
    return base <= _LARGEST_BYTE_BASE and digits_per_word(base) <= _BYTE
