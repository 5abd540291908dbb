"""Shrinks frames of a colour mosaic by reading two by two sensor pixels as one colour pixel."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.vision.encodings.layout import Encoded
from edge_compress.vision.region import Region


def can_shrink(region: Region, height: int, width: int) -> bool:
    """Say whether half of the region's resolution is enough for the result."""
    whole = region.height % 2 == 0 and region.width % 2 == 0
    return whole and region.height >= 2 * height and region.width >= 2 * width


def shrink(frame: Encoded, region: Region, height: int, width: int) -> NDArray[np.uint8]:
    """Return a region of the frame, of even height and width, as BGR uint8 [height, width, 3]."""
    mosaic = region.crop(frame.rows)
    greens = []
    found = {}
    for row in (0, 1):
        # Every other row, and its pixels in pairs: an image of two channels, each of one colour.
        pairs = mosaic[row::2].reshape(region.height // 2, region.width // 2, 2)
        small = cv2.resize(pairs, (width, height), interpolation=cv2.INTER_LINEAR)
        for column in (0, 1):
            # A region that begins at an odd pixel begins in the middle of the pattern.
            site = (region.y + row) % 2 * 2 + (region.x + column) % 2
            color = frame.layout.bayer[site]
            if color == "g":
                greens.append(small[:, :, column])
            else:
                found[color] = small[:, :, column]
    green = cv2.addWeighted(greens[0], 0.5, greens[1], 0.5, 0.0)
    return cv2.merge([found["b"], green, found["r"]])  # type: ignore[return-value]
