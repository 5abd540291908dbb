"""The part of a frame that the network looks at."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge_compress.errors import EdgeCompressError
from edge_compress.vision.detections import Detections

Scalar = TypeVar("Scalar", bound=np.generic)


class RegionError(EdgeCompressError):
    """A region has no pixels, or does not lie inside of the frame."""


@dataclass(frozen=True)
class Region:
    """A rectangle of the frame's pixels.

    Attributes:
        x: first column, from 0.
        y: first row, from 0.
        width: columns, at least 1.
        height: rows, at least 1.

    Raises:
        RegionError: a side is shorter than one pixel, or it begins outside of every frame.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        """Refuse what no frame can have."""
        if self.width < 1 or self.height < 1:
            raise RegionError(f"a region of {self.width}x{self.height} has no pixels")
        if self.x < 0 or self.y < 0:
            raise RegionError(
                f"a region begins inside of the frame, not at ({self.x}, {self.y}); the top left "
                "pixel is (0, 0)"
            )

    def check(self, height: int, width: int) -> None:
        """Refuse a frame of this many rows and columns when the region does not fit into it.

        Raises:
            RegionError: with both.
        """
        if self.x + self.width > width or self.y + self.height > height:
            raise RegionError(
                f"the region of {self.width}x{self.height} at ({self.x}, {self.y}) does not fit "
                f"into a frame of {width}x{height}"
            )

    def crop(self, image: NDArray[Scalar]) -> NDArray[Scalar]:
        """Return the region of an image [rows, columns, ...] as a view.

        Raises:
            RegionError: it does not fit.
        """
        self.check(image.shape[0], image.shape[1])
        part: NDArray[Any] = image[self.y : self.y + self.height, self.x : self.x + self.width]
        return part

    def to_frame(self, detections: Detections) -> Detections:
        """Move boxes from pixels of the region to pixels of the frame."""
        offset = np.asarray((self.x, self.y, self.x, self.y), np.float32)
        return dataclasses.replace(detections, boxes=detections.boxes + offset)
