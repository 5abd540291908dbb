"""Frames of a bag's image topic as a camera's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from edge_compress.bags.bag import Bag
from edge_compress.bags.errors import BagCutOff
from edge_compress.bags.images import BagImage, choose_topic, read_images
from edge_compress.nodes.camera_frames import (
    ENCODINGS,
    CameraFrame,
    FrameFormat,
    encoded_image,
    jpeg_image,
)
from edge_compress.nodes.camera_source import SourceError
from edge_compress.nodes.messages import byte_array
from edge_compress.vision.encodings import EncodingError


class BagSource:
    """An image topic of a bag, checked on opening.

    Attributes:
        rate: 0, for a recording has a pace of its own.
        skipped: frames that could not be read.
        fault: what is wrong with the bag's end, when it has been reached.
    """

    rate = 0.0

    def __init__(
        self, path: Path, topic: str, *, loop: bool, on_skip: Callable[[str], None]
    ) -> None:
        """Open the bag.

        Args:
            path: folder or file.
            topic: with images; empty for the only one.
            loop: begin again at the end.
            on_skip: told of each frame that cannot be read, and of a bag that is cut off.

        Raises:
            BagError: it cannot be read, or there is no such topic.
        """
        self.skipped = 0
        self.fault = ""
        self._bag = Bag.open(path)
        self._topic = choose_topic(self._bag, topic).name
        self._loop = loop
        self._on_skip = on_skip
        self.name = f"{path} {self._topic}"

    def frames(self, wanted: FrameFormat) -> Iterator[CameraFrame]:
        """Yield messages with what was recorded, as far as `wanted` does not ask for another form.

        Raises:
            SourceError: not one frame can be read.
        """
        while True:
            count = self.skipped
            played = False
            for image in self._once():
                try:
                    frame = _camera_frame(image, wanted)
                except EncodingError as error:
                    self.skipped += 1
                    self._on_skip(f"{self.name}: the frame at {image.time_ns} ns: {error}")
                else:
                    played = True
                    yield frame
            if not played:
                raise SourceError(f"none of its {self.skipped - count} frames can be read")
            if not self._loop:
                return

    def _once(self) -> Iterator[BagImage]:
        try:
            yield from read_images(self._bag, [self._topic])
        except BagCutOff as error:
            if not self.fault:
                self._on_skip(str(error))
            self.fault = str(error)

    def close(self) -> None:
        """Close the bag; nothing may be reading it."""
        self._bag.close()


def _camera_frame(image: BagImage, wanted: FrameFormat) -> CameraFrame:
    header = Header(frame_id=wanted.frame_id or image.frame_id)
    return CameraFrame(
        _raw(image, header, wanted) if wanted.raw else None,
        _compressed(image, header, wanted) if wanted.compressed else None,
        image.time_ns,
        image.stamp_ns,
    )


def _raw(image: BagImage, header: Header, wanted: FrameFormat) -> Image:
    pixels, message = image.pixels(), image.message
    recorded = "bgr8" if image.compressed else message.encoding
    if image.compressed or wanted.encoding not in ("", recorded) or not _keeps_size(wanted):
        encoding = wanted.encoding or (recorded if recorded in ENCODINGS else "bgr8")
        return encoded_image(wanted.resized(pixels.bgr()), encoding, header)
    return Image(
        header=header,
        height=message.height,
        width=message.width,
        encoding=message.encoding,
        is_bigendian=message.is_bigendian,
        step=message.step,
        data=byte_array(message.data),
    )


def _compressed(image: BagImage, header: Header, wanted: FrameFormat) -> CompressedImage:
    if image.compressed and _keeps_size(wanted):
        return CompressedImage(
            header=header, format=image.message.format, data=byte_array(image.message.data)
        )
    encoding = wanted.encoding or "bgr8"
    pixels: NDArray[np.uint8] = wanted.resized(image.pixels().bgr())
    return jpeg_image(pixels, encoding, header, wanted.jpeg_quality)


def _keeps_size(wanted: FrameFormat) -> bool:
    return not (wanted.width or wanted.height)
