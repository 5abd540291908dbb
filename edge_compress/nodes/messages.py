"""Between ROS messages and the detector's own types."""

from __future__ import annotations

import array
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import (
    BoundingBox2D,
    Classification,
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
    VisionClass,
)

from edge_compress.nodes.raw_images import RawCompressedImage, RawImage
from edge_compress.vision.compressed import decode_jpeg
from edge_compress.vision.detections import Detections
from edge_compress.vision.encodings import to_bgr


def nanoseconds(stamp: Time) -> int:
    """Return a stamp as one number."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def image_to_bgr(message: RawImage | RawCompressedImage) -> NDArray[np.uint8]:
    """Return the frame as uint8 [height, width, 3]; a view on the message where it is bgr8.

    Raises:
        EncodingError: the message cannot be read.
    """
    if isinstance(message, RawCompressedImage):
        return decode_jpeg(message.data)
    return to_bgr(
        message.data,
        height=message.height,
        width=message.width,
        step=message.step,
        encoding=message.encoding,
        big_endian=bool(message.is_bigendian),
    )


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


def byte_array(data: NDArray[np.uint8]) -> array.array[int]:
    """Copy bytes into what a message's data field takes without looking at each of them."""
    copied: array.array[int] = array.array("B")
    copied.frombytes(data.data.cast("B"))
    return copied


def detections_message(detections: Detections, header: Header) -> Detection2DArray:
    """Build the array; each element carries the header, and centre and size in source pixels."""
    message = Detection2DArray(header=header)
    for detection in detections:
        x1, y1, x2, y2 = detection.box.tolist()
        box = BoundingBox2D(size_x=x2 - x1, size_y=y2 - y1)
        box.center.position.x = (x1 + x2) / 2
        box.center.position.y = (y1 + y2) / 2
        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id = detection.name
        result.hypothesis.score = detection.score
        message.detections.append(Detection2D(header=header, results=[result], bbox=box))
    return message


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
