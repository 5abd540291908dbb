"""From frames to messages that only lack a stamp; done ahead, beside the camera's clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from edge_compress.nodes.messages import byte_array, image_message

_FROM_BGR = {
    "bgr8": None,
    "rgb8": cv2.COLOR_BGR2RGB,
    "bgra8": cv2.COLOR_BGR2BGRA,
    "rgba8": cv2.COLOR_BGR2RGBA,
    "mono8": cv2.COLOR_BGR2GRAY,
}


@dataclass(frozen=True)
class FrameFormat:
    """What the camera makes of a frame.

    Attributes:
        encoding: of the raw image.
        frame_id: of both.
        width: pixels; 0 keeps the source's.
        height: pixels; 0 keeps the source's.
        raw: make the raw image.
        compressed: make the JPEG.
        jpeg_quality: 1-100.
    """

    encoding: str
    frame_id: str
    width: int = 0
    height: int = 0
    raw: bool = True
    compressed: bool = False
    jpeg_quality: int = 90


@dataclass(frozen=True)
class CameraFrame:
    """The messages of one frame; None where the format leaves one out."""

    raw: Image | None
    compressed: CompressedImage | None


def make_frames(images: Iterable[NDArray[np.uint8]], wanted: FrameFormat) -> Iterator[CameraFrame]:
    """Yield the messages of each image, uint8 [height, width, 3] BGR."""
    for source in images:
        size = (wanted.width or source.shape[1], wanted.height or source.shape[0])
        same = size == source.shape[1::-1]
        image = source if same else np.asarray(cv2.resize(source, size), np.uint8)
        header = Header(frame_id=wanted.frame_id)
        yield CameraFrame(
            _raw(image, header, wanted) if wanted.raw else None,
            _compressed(image, header, wanted) if wanted.compressed else None,
        )


def _raw(image: NDArray[np.uint8], header: Header, wanted: FrameFormat) -> Image:
    code = _FROM_BGR[wanted.encoding]
    pixels = image if code is None else cv2.cvtColor(image, code)
    return image_message(np.asarray(pixels, np.uint8), wanted.encoding, header)


def _compressed(image: NDArray[np.uint8], header: Header, wanted: FrameFormat) -> CompressedImage:
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, wanted.jpeg_quality])
    # As compressed_image_transport names it: the raw encoding, the format, and the JPEG's own.
    return CompressedImage(
        header=header,
        format=f"{wanted.encoding}; jpeg compressed bgr8",
        data=byte_array(np.asarray(jpeg, np.uint8)),
    )
