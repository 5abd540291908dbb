"""From a camera's encoding straight to a small BGR image, without converting the large one.

A network's input often has a twentieth of a camera's pixels, and a bilinear resize reads four
pixels for each of its own. To convert all of the others first takes longer than all the rest.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.vision.encodings import bayer, subsampled
from edge_compress.vision.encodings.convert import convert, pixels_to_bgr
from edge_compress.vision.encodings.layout import Encoded
from edge_compress.vision.region import Region

# Source pixels for each pixel of the result from which on shared colour is worth a path of its own.
_MANY = 4


def shrink(frame: Encoded, region: Region, height: int, width: int) -> NDArray[np.uint8]:
    """Return a region of a frame in another size: conversion to BGR, crop and bilinear resize.

    The pixels are those of OpenCV's conversion and INTER_LINEAR, but for

    - mono16: rounded in another order, one level at most;
    - 4:2:2 and 4:2:0, of large frames: likewise, three levels at most and a third of one on
      average. Colours that YUV can name and RGB cannot are cut off later, which is more than that
      at a few pixels in ten thousand;
    - Bayer, where it shrinks to half or less: two by two sensor pixels are one colour pixel, while
      OpenCV first guesses the missing colours of each, so edges have other fringes.

    Args:
        frame: the frame.
        region: of it; must fit.
        height: of the result, in pixels.
        width: of the result, in pixels.

    Returns:
        uint8 [height, width, 3]; a view of the frame where there is nothing to do.
    """
    layout = frame.layout
    many = frame.height * frame.width >= _MANY * height * width
    if layout.chroma is not None and many:
        return subsampled.shrink(frame, layout.chroma, region, height, width)
    if layout.bayer and bayer.can_shrink(region, height, width):
        return bayer.shrink(frame, region, height, width)
    if layout.chroma is not None or layout.bayer:
        return resize(region.crop(convert(frame)), height, width)
    return pixels_to_bgr(resize(region.crop(frame.pixels), height, width), layout)


def resize(image: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Resize an image [rows, columns, ...] bilinearly; the same image when it has that size."""
    if image.shape[:2] == (height, width):
        return image
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
