"""Frames of a video as serialized messages that only lack a stamp."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# Plain CDR: an encapsulation of 4 bytes, then the header's stamp, as int32 and uint32.
_STAMP_AT = 4
_STAMP = struct.Struct("<iI")
_SECOND = 1_000_000_000


def read_pictures(video: Path, size: tuple[int, int], count: int) -> list[NDArray[np.uint8]]:
    """Return the first `count` frames of a video, uint8 [height, width, 3] BGR.

    Args:
        video: a file that OpenCV reads.
        size: width and height that each is resized to, in pixels.
        count: at most this many.
    """
    capture = cv2.VideoCapture(str(video))
    pictures: list[NDArray[np.uint8]] = []
    while len(pictures) < count:
        read, image = capture.read()
        if not read:
            break
        pictures.append(np.asarray(cv2.resize(image, size), np.uint8))
    capture.release()
    return pictures


def serialize(picture: NDArray[np.uint8], encoding: str = "bgr8", **changes: Any) -> bytes:
    """Serialize a picture as sensor_msgs/Image; `changes` are fields that are to be wrong."""
    from rclpy.serialization import serialize_message
    from std_msgs.msg import Header

    from edge_compress.nodes.messages import image_message

    message = image_message(picture, encoding, Header(frame_id="camera_optical_frame"))
    for name, value in changes.items():
        setattr(message, name, value)
    return bytes(serialize_message(message))


def stamped(serialized: bytes, stamp_ns: int) -> bytes:
    """Return a copy of a serialized message with this stamp, in nanoseconds."""
    stamp = _STAMP.pack(*divmod(stamp_ns, _SECOND))
    view = memoryview(serialized)
    return b"".join((view[:_STAMP_AT], stamp, view[_STAMP_AT + _STAMP.size :]))


def stamp_of(serialized: bytes) -> int:
    """Return the stamp of a serialized message that begins with a header, in nanoseconds."""
    seconds, nanoseconds = _STAMP.unpack_from(serialized, _STAMP_AT)
    return int(seconds) * _SECOND + int(nanoseconds)
