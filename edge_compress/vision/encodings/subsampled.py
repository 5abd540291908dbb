"""Shrinks frames whose pixels share colour, 4:2:2 and 4:2:0, before they are converted."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.vision.encodings.layout import Chroma, Encoded
from edge_compress.vision.region import Region

# ITU-R BT.601 with luma 16-235 and colour around 128, as OpenCV has it: from Y, U, V to B, G, R.
# OpenCV's own conversions of this kind want colour that pixels share.
_BLACK, _GREY = np.uint8(16), 128
_GAINS = np.asarray([(1.164, 2.018, 0.0), (1.164, -0.391, -0.813), (1.164, 0.0, 1.596)])
_TO_BGR = np.column_stack([_GAINS, -_GAINS @ (int(_BLACK), _GREY, _GREY)])


def shrink(
    frame: Encoded, chroma: Chroma, region: Region, height: int, width: int
) -> NDArray[np.uint8]:
    """Return a region of the frame as BGR uint8 [height, width, 3]."""
    if frame.layout.planar:
        luma: NDArray[Any] = frame.rows[: frame.height]
        groups = frame.rows[frame.height :].reshape(frame.height // 2, frame.width // 2, 2)
    else:
        luma = frame.pixels
        groups = frame.rows.reshape(frame.height, frame.width // 2, 4)
    size = (width, height)
    y = cv2.resize(region.crop(luma), size, interpolation=cv2.INTER_LINEAR)
    if y.ndim == 3:
        y = cv2.extractChannel(y, chroma.luma)
    maps = _group_maps(region, height, width, frame.layout.planar)
    # A map beside the picture never occurs; without a border OpenCV would need one all the same.
    uv = cv2.remap(groups, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    u, v = cv2.extractChannel(uv, chroma.u), cv2.extractChannel(uv, chroma.v)
    # Luma under black is black, which must be said before the colour is added.
    yuv = cv2.merge([np.maximum(y, _BLACK), u, v])
    return cv2.transform(yuv, _TO_BGR)  # type: ignore[return-value]


@lru_cache(maxsize=16)
def _group_maps(
    region: Region, height: int, width: int, planar: bool
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Say where in the colour groups a bilinear resize of the converted image would look."""
    across = _groups_read(region.x, region.width, width)
    if planar:
        down = _groups_read(region.y, region.height, height)
    else:
        down = _pixels_read(region.y, region.height, height)
    map_x, map_y = np.meshgrid(across.astype(np.float32), down.astype(np.float32))
    return cv2.convertMaps(map_x, map_y, cv2.CV_16SC2)


def _pixels_read(start: int, source: int, target: int) -> NDArray[np.float64]:
    """Return the position, between two source pixels, of each target pixel of a resize."""
    at = (np.arange(target) + 0.5) * (source / target) - 0.5
    clipped: NDArray[np.float64] = np.clip(at, 0, source - 1) + start
    return clipped


def _groups_read(start: int, source: int, target: int) -> NDArray[np.float64]:
    """Return the same in groups of two pixels, whose colour the conversion would repeat."""
    at = _pixels_read(start, source, target)
    pixel = np.floor(at)
    # Between an odd pixel and the next one the group changes; within a group nothing does.
    groups: NDArray[np.float64] = pixel // 2 + np.where(pixel % 2 == 1, at - pixel, 0.0)
    return groups
