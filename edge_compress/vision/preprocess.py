"""From a camera frame to the network's input: the first half of the robot's hot path."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import InputSpec
from edge_compress.vision.image import check_image
from edge_compress.vision.letterbox import Geometry, Placement, place


def preprocess(
    image: NDArray[np.uint8], spec: InputSpec, out: NDArray[np.float32] | None = None
) -> tuple[NDArray[np.float32], Geometry]:
    """Resize, pad, order and scale one frame.

    Args:
        image: uint8 [height, width, 3], BGR.
        spec: the network's input.
        out: float32 [1, 3, spec.height, spec.width] to write into; None for a new one.

    Returns:
        That tensor, and the way back to source pixels.

    Raises:
        ImageError: `image` is not such an image.
    """
    check_image(image)
    placement, geometry = place(image.shape[0], image.shape[1], spec)
    if image.shape[:2] != (placement.height, placement.width):
        size = (placement.width, placement.height)
        image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    return to_tensor(image, placement, spec, out), geometry


def to_tensor(
    image: NDArray[np.uint8],
    placement: Placement,
    spec: InputSpec,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Pad, order and scale an image that has its size in the network's input already.

    Args:
        image: uint8 [placement.height, placement.width, 3], BGR.
        placement: where it goes.
        spec: the network's input.
        out: float32 [1, 3, spec.height, spec.width] to write into; None for a new one.
    """
    tensor = np.empty((1, 3, spec.height, spec.width), np.float32) if out is None else out
    order = (0, 1, 2) if spec.color == "bgr" else (2, 1, 0)
    # Splitting bytes and widening each plane once is twice as fast as a strided float copy.
    planes = cv2.split(image)
    for channel, source in enumerate(order):
        gain = spec.scale / spec.std[channel]
        shift = -spec.mean[channel] / spec.std[channel]
        plane = tensor[0, channel]
        _pad(plane, placement, spec.pad_value * gain + shift)
        inside = plane[
            placement.top : placement.top + placement.height,
            placement.left : placement.left + placement.width,
        ]
        if gain == 1.0:
            inside[...] = planes[source]
        else:
            np.multiply(planes[source], np.float32(gain), out=inside)
        if shift != 0.0:
            inside += np.float32(shift)
    return tensor


def _pad(plane: NDArray[np.float32], placement: Placement, value: float) -> None:
    """Fill what the image does not cover, and only that."""
    bottom, right = placement.top + placement.height, placement.left + placement.width
    plane[: placement.top] = value
    plane[bottom:] = value
    plane[placement.top : bottom, : placement.left] = value
    plane[placement.top : bottom, right:] = value
