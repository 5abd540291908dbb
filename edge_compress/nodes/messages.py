"""Between ROS messages and the detector's own types."""

from __future__ import annotations

import array
from collections.abc import Sequence

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from vision_msgs.msg import Classification, LabelInfo, ObjectHypothesis, VisionClass

from edge_compress.nodes.raw_images import RawCompressedImage, RawImage
from edge_compress.vision.detections import Detections
from edge_compress.vision.pixels import Pixels, read_compressed, read_pixels


def nanoseconds(stamp: Time) -> int:
    """Return a stamp as one number."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def time_message(time_ns: int) -> Time:
    """Return one number as a stamp."""
    seconds, nanosec = divmod(time_ns, 1_000_000_000)
    return Time(sec=seconds, nanosec=nanosec)


def read_frame(message: RawImage | RawCompressedImage) -> tuple[Header, Pixels]:
    """Return a frame's header and its pixels, which are converted when they are needed.

    Raises:
        EncodingError: the message does not fit together.
    """
    if isinstance(message, RawCompressedImage):
        return message.header, read_compressed(message.data)
    pixels = read_pixels(
        message.data,
        message.height,
        message.width,
        message.step,
        message.encoding,
        bool(message.is_bigendian),
    )
    return message.header, pixels


def image_message(pixels: NDArray[np.uint8], encoding: str, header: Header) -> Image:
    """Build an image of `pixels`, [height, width] or [height, width, channels]."""
    return Image(
        header=header,
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        step=pixels[0].nbytes,
        data=byte_array(np.ascontiguousarray(pixels)),
    )


def jpeg_message(pixels: NDArray[np.uint8], header: Header) -> CompressedImage:
    """Build a JPEG of `pixels`, BGR [height, width, 3], as image_transport names it."""
    _, encoded = cv2.imencode(".jpg", pixels)
    return CompressedImage(
        header=header,
        format="bgr8; jpeg compressed bgr8",
        data=byte_array(np.asarray(encoded, np.uint8)),
    )


def byte_array(data: NDArray[np.uint8]) -> array.array[int]:
    """Copy bytes into what a message's data field takes without looking at each of them."""
    copied: array.array[int] = array.array("B")
    copied.frombytes(data.data.cast("B"))
    return copied


def classification_message(detections: Detections, header: Header) -> Classification:
    """Build a classifier's result, best class first."""
    return Classification(
        header=header,
        results=[
            ObjectHypothesis(class_id=detection.name, score=detection.score)
            for detection in detections
        ],
    )


def label_message(labels: Sequence[str], threshold: float, stamp: Time) -> LabelInfo:
    """Build the list of the model's classes."""
    return LabelInfo(
        header=Header(stamp=stamp),
        class_map=[
            VisionClass(class_id=number, class_name=label) for number, label in enumerate(labels)
        ],
        threshold=threshold,
    )
