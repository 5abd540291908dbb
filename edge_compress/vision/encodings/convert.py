"""From a camera's encoding to BGR, pixel for pixel as OpenCV converts."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.vision.encodings.layout import Encoded, Layout, read_frame


def to_bgr(
    data: memoryview | bytes | NDArray[Any],
    *,
    height: int,
    width: int,
    step: int,
    encoding: str,
    big_endian: bool = False,
) -> NDArray[np.uint8]:
    """Turn a frame's bytes into a BGR image; see `read_frame` for the arguments.

    Returns:
        uint8 [height, width, 3]. For ``bgr8`` it is a view of `data`, not a copy. 16-bit values
        are scaled by 255 / 65535.

    Raises:
        EncodingError: with what does not fit.
    """
    return convert(
        read_frame(
            data, height=height, width=width, step=step, encoding=encoding, big_endian=big_endian
        )
    )


def convert(frame: Encoded) -> NDArray[np.uint8]:
    """Return all of a frame as uint8 [height, width, 3]; a view of it where it is ``bgr8``."""
    return pixels_to_bgr(frame.pixels, frame.layout)


def pixels_to_bgr(pixels: NDArray[Any], layout: Layout) -> NDArray[np.uint8]:
    """Convert pixels of an encoding, in the shape that `Encoded.pixels` gives them, to BGR."""
    if layout.code is None:
        return pixels
    if pixels.dtype == np.uint16:
        pixels = cv2.convertScaleAbs(pixels, alpha=255.0 / 65535.0)
    return cv2.cvtColor(pixels, layout.code)  # type: ignore[return-value]
