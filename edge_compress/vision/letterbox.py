"""Where a source image lies in the network's input, and the way back for boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import InputSpec


@dataclass(frozen=True)
class Geometry:
    """The mapping ``network = source * scale + offset``, in pixels, per axis.

    Attributes:
        scale_x: network pixels per source pixel across.
        scale_y: network pixels per source pixel down.
        offset_x: columns of padding left of the image.
        offset_y: rows of padding above the image.
        source_height: of the source image, in pixels.
        source_width: of the source image, in pixels.
    """

    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float
    source_height: int
    source_width: int

    def to_source(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map boxes from network pixels to source pixels.

        Args:
            boxes: [n, 4], x1 y1 x2 y2 in network pixels.

        Returns:
            float32 [n, 4], x1 y1 x2 y2 in source pixels, clipped to the source image.
        """
        offset = (self.offset_x, self.offset_y, self.offset_x, self.offset_y)
        scale = (self.scale_x, self.scale_y, self.scale_x, self.scale_y)
        limit = (self.source_width, self.source_height, self.source_width, self.source_height)
        mapped = (boxes - np.asarray(offset)) / np.asarray(scale)
        clipped: NDArray[np.float32] = np.clip(mapped, 0.0, limit).astype(np.float32)
        return clipped

    def to_network(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map boxes [n, 4] xyxy from source pixels to network pixels; nothing is clipped."""
        offset = (self.offset_x, self.offset_y, self.offset_x, self.offset_y)
        scale = (self.scale_x, self.scale_y, self.scale_x, self.scale_y)
        mapped: NDArray[np.float32] = (boxes * np.asarray(scale) + offset).astype(np.float32)
        return mapped


class Placement(NamedTuple):
    """The region of the network's input that the resized image fills, in network pixels."""

    top: int
    left: int
    height: int
    width: int


def place(source_height: int, source_width: int, spec: InputSpec) -> tuple[Placement, Geometry]:
    """Say where an image of this size goes in the input that `spec` describes.

    Args:
        source_height: pixels, at least 1.
        source_width: pixels, at least 1.
        spec: the network's input.

    Returns:
        The region that the resized image fills, and the mapping between the two.
    """
    height, width = spec.height, spec.width
    if spec.fit == "letterbox":
        ratio = min(spec.height / source_height, spec.width / source_width)
        height = min(spec.height, max(1, round(source_height * ratio)))
        width = min(spec.width, max(1, round(source_width * ratio)))
    centered = spec.anchor == "center"
    top = (spec.height - height) // 2 if centered else 0
    left = (spec.width - width) // 2 if centered else 0
    # The true ratio of each axis, not the common one: the resized size was rounded to pixels.
    geometry = Geometry(
        scale_x=width / source_width,
        scale_y=height / source_height,
        offset_x=float(left),
        offset_y=float(top),
        source_height=source_height,
        source_width=source_width,
    )
    return Placement(top, left, height, width), geometry
