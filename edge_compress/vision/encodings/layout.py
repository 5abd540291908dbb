"""How each encoding of sensor_msgs/Image lies in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.errors import EdgeCompressError


class EncodingError(EdgeCompressError):
    """A frame's size, step, data or encoding cannot be right."""


class Chroma(NamedTuple):
    """Where luma and colour are in an encoding whose pixels share colour.

    Attributes:
        luma: which byte of a pixel's two is its luma; 0 where luma has a plane of its own.
        u: which byte of a group is U. A group is the colour that pixels share, with their luma
            where that is not a plane of its own.
        v: which is V.
    """

    luma: int
    u: int
    v: int


class Layout(NamedTuple):
    """How an encoding lies in memory.

    Attributes:
        pixel_bytes: bytes of one pixel in a row.
        channels: of the array handed to OpenCV; 0 for a plain two-dimensional one.
        code: OpenCV's conversion to BGR, or None when there is nothing to convert.
        even: the image's width (1), or its width and height (2), must be even.
        planar: rows of chroma follow the rows of the image: half as many again.
        chroma: for pixels that share colour.
        bayer: the colours of the first two rows' first two pixels, such as ``rggb``.
    """

    pixel_bytes: int
    channels: int
    code: int | None
    even: int = 0
    planar: bool = False
    chroma: Chroma | None = None
    bayer: str = ""


_YUYV = Layout(2, 2, cv2.COLOR_YUV2BGR_YUY2, even=1, chroma=Chroma(luma=0, u=1, v=3))
_UYVY = Layout(2, 2, cv2.COLOR_YUV2BGR_UYVY, even=1, chroma=Chroma(luma=1, u=0, v=2))


def _semi_planar(code: int, u: int, v: int) -> Layout:
    return Layout(1, 0, code, even=2, planar=True, chroma=Chroma(0, u, v))


_LAYOUTS = {
    "bgr8": Layout(3, 3, None),
    "rgb8": Layout(3, 3, cv2.COLOR_RGB2BGR),
    "bgra8": Layout(4, 4, cv2.COLOR_BGRA2BGR),
    "rgba8": Layout(4, 4, cv2.COLOR_RGBA2BGR),
    "mono8": Layout(1, 0, cv2.COLOR_GRAY2BGR),
    "mono16": Layout(2, 0, cv2.COLOR_GRAY2BGR),
    # ROS named the 4:2:2 layouts twice; "yuv422" is UYVY.
    "yuv422": _UYVY,
    "uyvy": _UYVY,
    "yuv422_yuy2": _YUYV,
    "yuyv": _YUYV,
    "nv12": _semi_planar(cv2.COLOR_YUV2BGR_NV12, u=0, v=1),
    "nv21": _semi_planar(cv2.COLOR_YUV2BGR_NV21, u=1, v=0),
    # OpenCV names a Bayer pattern by its second row and column, ROS by its first.
    "bayer_rggb8": Layout(1, 0, cv2.COLOR_BayerBG2BGR, bayer="rggb"),
    "bayer_bggr8": Layout(1, 0, cv2.COLOR_BayerRG2BGR, bayer="bggr"),
    "bayer_gbrg8": Layout(1, 0, cv2.COLOR_BayerGR2BGR, bayer="gbrg"),
    "bayer_grbg8": Layout(1, 0, cv2.COLOR_BayerGB2BGR, bayer="grbg"),
}

ENCODINGS = tuple(_LAYOUTS)


@dataclass(frozen=True)
class Encoded:
    """A frame as its camera encoded it, known to fit its encoding.

    Attributes:
        encoding: one of `ENCODINGS`.
        layout: how that lies in memory.
        height: pixels.
        width: pixels.
        rows: uint8 [rows, bytes], a view of the message without the padding of its rows.
        big_endian: the byte order of 16-bit values.
    """

    encoding: str
    layout: Layout
    height: int
    width: int
    rows: NDArray[np.uint8]
    big_endian: bool

    @property
    def pixels(self) -> NDArray[Any]:
        """The same as [height, width, channels], or [rows, width] where a pixel is one value.

        16-bit values come in this machine's byte order.
        """
        if self.encoding == "mono16":
            wide = np.ascontiguousarray(self.rows).view(">u2" if self.big_endian else "<u2")
            return wide.astype(np.uint16, copy=False)
        if self.layout.channels:
            return self.rows.reshape(self.height, self.width, self.layout.channels)
        return self.rows


def read_frame(
    data: memoryview | bytes | NDArray[Any],
    *,
    height: int,
    width: int,
    step: int,
    encoding: str,
    big_endian: bool = False,
) -> Encoded:
    """Check that a frame's fields fit each other; its data is not copied.

    Args:
        data: the frame, row by row; anything with the buffer protocol.
        height: pixels.
        width: pixels.
        step: bytes from one row to the next.
        encoding: one of `ENCODINGS`, as sensor_msgs/image_encodings.hpp names them.
        big_endian: the byte order of 16-bit values.

    Raises:
        EncodingError: with what does not fit.
    """
    layout = _LAYOUTS.get(encoding)
    if layout is None:
        raise EncodingError(f"encoding {encoding!r} is not known; known are {', '.join(ENCODINGS)}")
    _check_size(height, width, step, encoding, layout)
    count = height * 3 // 2 if layout.planar else height
    flat = np.frombuffer(data, np.uint8)
    if flat.size < count * step:
        raise EncodingError(
            f"{width}x{height} {encoding} with step {step} needs {count * step} bytes, got "
            f"{flat.size}"
        )
    # Drivers may pad each row: `step` says how far the next one is.
    rows = flat[: count * step].reshape(count, step)[:, : width * layout.pixel_bytes]
    return Encoded(encoding, layout, height, width, rows, big_endian)


def _check_size(height: int, width: int, step: int, encoding: str, layout: Layout) -> None:
    if height < 1 or width < 1:
        raise EncodingError(f"an image of {width}x{height} has no pixels")
    if step < width * layout.pixel_bytes:
        raise EncodingError(
            f"step {step} is too short: a row of {width} {encoding} pixels takes "
            f"{width * layout.pixel_bytes} bytes"
        )
    if (layout.even >= 1 and width % 2) or (layout.even >= 2 and height % 2):
        raise EncodingError(f"{encoding} shares colour between pixels, so {width}x{height} is odd")
