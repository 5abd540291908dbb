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
from vision_msgs.msg import (
    Classification,
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
    VisionClass,
)

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


class DetectionMessages:
    """Builds detection arrays out of elements that are used again.

    An element has a pose with a covariance and three headers that nobody fills in; to make them
    anew for each box takes ten times as long as to fill in the rest.
    """

    def __init__(self) -> None:
        """Begin without elements."""
        self._elements: list[Detection2D] = []

    def build(
        self, detections: Detections, header: Header, ids: Sequence[str] = ()
    ) -> Detection2DArray:
        """Build the array, valid until the next call.

        Each element carries the header, and centre and size in source pixels.

        Args:
            detections: of one frame.
            header: of that frame.
            ids: the track of each detection, as far as it has one; empty when none is tracked.
        """
        while len(self._elements) < len(detections):
            self._elements.append(Detection2D(results=[ObjectHypothesisWithPose()]))
        elements = self._elements[: len(detections)]
        ids = ids or ("",) * len(detections)
        for element, detection, track in zip(elements, detections, ids, strict=True):
            element.id = track
            x1, y1, x2, y2 = detection.box.tolist()
            element.header = header
            box = element.bbox
            box.size_x, box.size_y = x2 - x1, y2 - y1
            centre = box.center.position
            centre.x, centre.y = (x1 + x2) / 2, (y1 + y2) / 2
            hypothesis = element.results[0].hypothesis
            hypothesis.class_id, hypothesis.score = detection.name, detection.score
        return Detection2DArray(header=header, detections=elements)


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
