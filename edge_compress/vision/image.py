"""The one kind of image that travels between the layers, and the check that it is one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.errors import EdgeCompressError


class ImageError(EdgeCompressError):
    """An image is not uint8 [height, width, 3], or has no pixels."""


def check_image(image: NDArray[Any]) -> None:
    """Refuse anything that is not a BGR uint8 [height, width, 3] image with pixels in it.

    Raises:
        ImageError: with what was expected and what came.
    """
    if not isinstance(image, np.ndarray):
        raise ImageError(f"an image must be a numpy array, got {type(image).__name__}")
    if image.dtype != np.uint8:
        raise ImageError(f"an image must be uint8, got {image.dtype}")
    if image.ndim != 3 or image.shape[2] != 3:
        raise ImageError(f"an image must be [height, width, 3] in BGR order, got {image.shape}")
    if image.size == 0:
        raise ImageError(f"an image of {image.shape[1]}x{image.shape[0]} has no pixels")
