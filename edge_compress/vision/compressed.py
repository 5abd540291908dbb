"""From the bytes of a sensor_msgs/CompressedImage to a BGR image."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.vision.encodings import EncodingError

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_JPEG_SCAN = 0xDA
# The last chunk of a PNG is empty, so its checksum is always this one.
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


def decode_jpeg(data: memoryview | bytes | NDArray[Any]) -> NDArray[np.uint8]:
    """Decode a JPEG or PNG.

    Args:
        data: the whole file; anything with the buffer protocol.

    Returns:
        uint8 [height, width, 3], BGR.

    Raises:
        EncodingError: the data is empty, cut short, or neither JPEG nor PNG.
    """
    raw = bytes(data)
    if not raw:
        raise EncodingError("the compressed image is empty")
    if raw.startswith(_JPEG_START):
        # libjpeg fills what is missing with grey and only warns. The end marker cannot occur
        # inside of a scan. Most often it is the last thing, hence sought from there.
        if raw.rfind(_JPEG_END, _first_scan(raw)) < 0:
            raise EncodingError(f"the JPEG is cut short after {len(raw)} bytes")
    elif raw.startswith(_PNG_START):
        if _PNG_END not in raw:
            raise EncodingError(f"the PNG is cut short after {len(raw)} bytes")
    else:
        raise EncodingError("the compressed image is neither JPEG nor PNG")
    try:
        image = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise EncodingError(f"the compressed image cannot be decoded: {error.err}") from error
    if image is None:
        raise EncodingError("the compressed image cannot be decoded")
    return image  # type: ignore[return-value]


def _first_scan(raw: bytes) -> int:
    """Return where a JPEG's first scan begins, behind all that may hold an embedded thumbnail.

    A segment is 0xFF, its kind, and two bytes of length, which count themselves (ITU-T T.81, B.1).
    """
    at = len(_JPEG_START)
    while at + 4 <= len(raw) and raw[at + 1] != _JPEG_SCAN:
        if raw[at] != 0xFF or raw[at + 1] == 0xFF:
            at += 1  # decoders forgive what is between segments; 0xFF may be repeated
        else:
            at += 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
    return at
