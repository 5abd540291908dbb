"""From the bytes of a sensor_msgs/CompressedImage to a BGR image."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.vision.encodings import EncodingError

_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
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
        # inside of a scan, but it does end an embedded thumbnail: it must follow the last scan.
        if raw.rfind(_JPEG_END) <= raw.rfind(_JPEG_SCAN):
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
