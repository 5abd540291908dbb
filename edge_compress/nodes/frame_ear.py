"""Listens to a camera: when its frames come, with which stamps, and which are missing."""

from __future__ import annotations

import time
from typing import Any

from edge_compress.doctor.frames import Heard
from edge_compress.nodes import distributions
from edge_compress.nodes.publication_numbers import PublicationNumbers
from edge_compress.nodes.raw_images import RawCompressedImage, read_compressed_image, read_image
from edge_compress.vision.compressed import decode_jpeg
from edge_compress.vision.encodings import EncodingError, to_bgr


class Ear:
    """Keeps what `Heard` tells; a frame's pixels only of the last one."""

    def __init__(self, *, compressed: bool) -> None:
        """Begin with nothing heard; of messages that are compressed, or not."""
        self._read = read_compressed_image if compressed else read_image
        self._arrived_ns: list[int] = []
        self._stamps_ns: list[int] = []
        self._bytes = 0
        self._last: Any = None
        self._unreadable = ""
        self._numbers = PublicationNumbers()
        self._missing = 0
        self._lost = 0

    def on_lost(self, event: Any) -> None:
        """Count what the middleware tells of."""
        self._lost += event.total_count_change

    def on_frame(self, serialized: bytes, info: Any) -> None:
        """Take a message in, still serialized."""
        arrived_ns = time.time_ns()
        try:
            message = self._read(serialized)
        except EncodingError as error:
            self._unreadable = str(error)
            return
        self._arrived_ns.append(arrived_ns)
        stamp = message.header.stamp
        self._stamps_ns.append(stamp.sec * 1_000_000_000 + stamp.nanosec)
        self._bytes = max(self._bytes, len(serialized))
        self._last = message
        self._missing += self._numbers.missing_before(distributions.source_sequence(info))

    def heard(self, seconds: float, *, sim_time: bool) -> Heard:
        """Return what came in so many seconds."""
        return Heard(
            seconds=seconds,
            arrived_ns=self._arrived_ns,
            stamps_ns=self._stamps_ns,
            frame=self._describe(),
            frame_bytes=self._bytes,
            frame_id=self._last.header.frame_id if self._last else "",
            missing=self._missing if self._numbers.known else None,
            told_lost=self._lost,
            unreadable=self._unreadable,
            sim_time=sim_time,
        )

    def _describe(self) -> str:
        """Describe the last frame, after decoding it as the detector would."""
        last = self._last
        if last is None:
            return ""
        if isinstance(last, RawCompressedImage):
            try:
                height, width = decode_jpeg(last.data).shape[:2]
            except EncodingError as error:
                self._unreadable = str(error)
                return last.format
            return f"{width}x{height} {last.format}"
        try:
            to_bgr(
                last.data,
                height=last.height,
                width=last.width,
                step=last.step,
                encoding=last.encoding,
                big_endian=bool(last.is_bigendian),
            )
        except EncodingError as error:
            self._unreadable = str(error)
        return f"{last.width}x{last.height} {last.encoding}"
