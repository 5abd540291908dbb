"""From the pixels of a sensor_msgs/Image to a BGR image."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.errors import EdgeCompressError


class EncodingError(EdgeCompressError):
    """A frame's size, step, data or encoding cannot be right."""


class _Layout(NamedTuple):
    """How an encoding lies in memory.

    Attributes:
        pixel_bytes: bytes of one pixel in a row.
        channels: of the array handed to OpenCV; 0 for a plain two-dimensional one.
        code: OpenCV's conversion to BGR, or None when there is nothing to convert.
        even: the image's width (1), or its width and height (2), must be even.
        planar: rows of chroma follow the rows of the image: half as many again.
    """

    pixel_bytes: int
    channels: int
    code: int | None
    even: int = 0
    planar: bool = False


_YUYV = _Layout(2, 2, cv2.COLOR_YUV2BGR_YUY2, even=1)
_UYVY = _Layout(2, 2, cv2.COLOR_YUV2BGR_UYVY, even=1)

_LAYOUTS = {
    "bgr8": _Layout(3, 3, None),
    "rgb8": _Layout(3, 3, cv2.COLOR_RGB2BGR),
    "bgra8": _Layout(4, 4, cv2.COLOR_BGRA2BGR),
    "rgba8": _Layout(4, 4, cv2.COLOR_RGBA2BGR),
    "mono8": _Layout(1, 0, cv2.COLOR_GRAY2BGR),
    "mono16": _Layout(2, 0, cv2.COLOR_GRAY2BGR),
    # ROS named the 4:2:2 layouts twice; "yuv422" is UYVY.
    "yuv422": _UYVY,
    "uyvy": _UYVY,
    "yuv422_yuy2": _YUYV,
    "yuyv": _YUYV,
    "nv12": _Layout(1, 0, cv2.COLOR_YUV2BGR_NV12, even=2, planar=True),
    "nv21": _Layout(1, 0, cv2.COLOR_YUV2BGR_NV21, even=2, planar=True),
    # OpenCV names a Bayer pattern by its second row and column, ROS by its first.
    "bayer_rggb8": _Layout(1, 0, cv2.COLOR_BayerBG2BGR),
    "bayer_bggr8": _Layout(1, 0, cv2.COLOR_BayerRG2BGR),
    "bayer_gbrg8": _Layout(1, 0, cv2.COLOR_BayerGR2BGR),
    "bayer_grbg8": _Layout(1, 0, cv2.COLOR_BayerGB2BGR),
}

ENCODINGS = tuple(_LAYOUTS)


def to_bgr(
    data: memoryview | bytes | NDArray[Any],
    *,
    height: int,
    width: int,
    step: int,
    encoding: str,
    big_endian: bool = False,
) -> NDArray[np.uint8]:
    """Turn a frame's bytes into a BGR image.

    Args:
        data: the frame, row by row; anything with the buffer protocol.
        height: pixels.
        width: pixels.
        step: bytes from one row to the next.
        encoding: one of `ENCODINGS`, as sensor_msgs/image_encodings.hpp names them. 16-bit values
            are scaled by 255 / 65535.
        big_endian: the byte order of 16-bit values.

    Returns:
        uint8 [height, width, 3]. For ``bgr8`` it is a view of `data`, not a copy.

    Raises:
        EncodingError: with what does not fit.
    """
    layout = _LAYOUTS.get(encoding)
    if layout is None:
        raise EncodingError(f"encoding {encoding!r} is not known; known are {', '.join(ENCODINGS)}")
    _check_size(height, width, step, encoding, layout)
    rows = height * 3 // 2 if layout.planar else height
    flat = np.frombuffer(data, np.uint8)
    if flat.size < rows * step:
        raise EncodingError(
            f"{width}x{height} {encoding} with step {step} needs {rows * step} bytes, got "
            f"{flat.size}"
        )
    # Drivers may pad each row: `step` says how far the next one is.
    image: NDArray[Any] = flat[: rows * step].reshape(rows, step)[:, : width * layout.pixel_bytes]
    if encoding == "mono16":
        return _from_mono16(image, big_endian)
    if layout.channels:
        image = image.reshape(height, width, layout.channels)
    if layout.code is None:
        return image
    return cv2.cvtColor(image, layout.code)  # type: ignore[return-value]


def _check_size(height: int, width: int, step: int, encoding: str, layout: _Layout) -> None:
    if height < 1 or width < 1:
        raise EncodingError(f"an image of {width}x{height} has no pixels")
    if step < width * layout.pixel_bytes:
        raise EncodingError(
            f"step {step} is too short: a row of {width} {encoding} pixels takes "
            f"{width * layout.pixel_bytes} bytes"
        )
    if (layout.even >= 1 and width % 2) or (layout.even >= 2 and height % 2):
        raise EncodingError(f"{encoding} shares colour between pixels, so {width}x{height} is odd")


def _from_mono16(rows: NDArray[np.uint8], big_endian: bool) -> NDArray[np.uint8]:
    wide = np.ascontiguousarray(rows).view(">u2" if big_endian else "<u2")
    gray = cv2.convertScaleAbs(wide.astype(np.uint16, copy=False), alpha=255.0 / 65535.0)
    return cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)  # type: ignore[return-value]
