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

ENCODINGS = {
    "bgr8": None,
    "rgb8": cv2.COLOR_BGR2RGB,
    "bgra8": cv2.COLOR_BGR2BGRA,
    "rgba8": cv2.COLOR_BGR2RGBA,
    "mono8": cv2.COLOR_BGR2GRAY,
}
_FRAME_ID = "camera_optical_frame"


@dataclass(frozen=True)
class FrameFormat:
    """What the camera makes of a frame.

    Attributes:
        encoding: of the raw image; empty for the source's own.
        frame_id: of both; empty for the source's own.
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

    def resized(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return an image, [height, width, 3], in the size that is wanted."""
        size = (self.width or image.shape[1], self.height or image.shape[0])
        return (
            image if size == image.shape[1::-1] else np.asarray(cv2.resize(image, size), np.uint8)
        )


@dataclass(frozen=True)
class CameraFrame:
    """The messages of one frame; None where the format leaves one out.

    Attributes:
        raw: without a stamp.
        compressed: without a stamp.
        time_ns: when it was recorded, if it was.
        stamp_ns: that it was recorded with.
    """

    raw: Image | None
    compressed: CompressedImage | None
    time_ns: int = 0
    stamp_ns: int = 0


def make_frames(images: Iterable[NDArray[np.uint8]], wanted: FrameFormat) -> Iterator[CameraFrame]:
    """Yield the messages of each image, uint8 [height, width, 3] BGR."""
    encoding = wanted.encoding or "bgr8"
    for source in images:
        image = wanted.resized(source)
        header = Header(frame_id=wanted.frame_id or _FRAME_ID)
        yield CameraFrame(
            encoded_image(image, encoding, header) if wanted.raw else None,
            jpeg_image(image, encoding, header, wanted.jpeg_quality) if wanted.compressed else None,
        )


def encoded_image(image: NDArray[np.uint8], encoding: str, header: Header) -> Image:
    """Build an image message of BGR pixels.

    Args:
        image: [height, width, 3].
        encoding: of `ENCODINGS`.
        header: of the message.
    """
    code = ENCODINGS[encoding]
    pixels = image if code is None else cv2.cvtColor(image, code)
    return image_message(np.asarray(pixels, np.uint8), encoding, header)


def jpeg_image(
    image: NDArray[np.uint8], encoding: str, header: Header, quality: int
) -> CompressedImage:
    """Build a JPEG of BGR pixels.

    Args:
        image: [height, width, 3].
        encoding: of the raw image beside it.
        header: of the message.
        quality: 1-100.
    """
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    # As compressed_image_transport names it: the raw encoding, the format, and the JPEG's own.
    return CompressedImage(
        header=header,
        format=f"{encoding}; jpeg compressed bgr8",
        data=byte_array(np.asarray(jpeg, np.uint8)),
    )
