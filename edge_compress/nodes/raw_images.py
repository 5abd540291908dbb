"""Reads images from their serialized form, so that rclpy need not copy the pixels twice more.

The layout is plain CDR: OMG Common Data Representation, as in the DDS-RTPS specification 2.5, 10.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from edge_compress.vision.encodings import EncodingError

# CDR and PLAIN_CDR2; the odd ones are little-endian. They differ in 8-byte values only.
_PLAIN = (0x0000, 0x0001, 0x0006, 0x0007)
_ENCAPSULATION = 4


@dataclass(frozen=True)
class RawImage:
    """A sensor_msgs/Image whose data is a view on the serialized message."""

    header: Header
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview


@dataclass(frozen=True)
class RawCompressedImage:
    """A sensor_msgs/CompressedImage whose data is a view on the serialized message."""

    header: Header
    format: str
    data: memoryview


def read_image(serialized: bytes) -> RawImage:
    """Read a serialized sensor_msgs/Image.

    Raises:
        EncodingError: this is no such message.
    """
    reader = _Reader(serialized)
    header = reader.header()
    height, width = reader.uint32(), reader.uint32()
    encoding, is_bigendian, step = reader.string(), reader.uint8(), reader.uint32()
    return RawImage(header, height, width, encoding, is_bigendian, step, reader.octets())


def read_compressed_image(serialized: bytes) -> RawCompressedImage:
    """Read a serialized sensor_msgs/CompressedImage.

    Raises:
        EncodingError: this is no such message.
    """
    reader = _Reader(serialized)
    return RawCompressedImage(reader.header(), reader.string(), reader.octets())


class _Reader:
    """Takes one value after the other; each is aligned to its size after the encapsulation."""

    def __init__(self, serialized: bytes) -> None:
        self._view = memoryview(serialized)
        kind = int.from_bytes(self._view[:2], "big")
        if kind not in _PLAIN or len(serialized) < _ENCAPSULATION:
            raise EncodingError(f"a message is serialized in an unknown way, {kind:#06x}")
        order = "<" if kind & 1 else ">"
        self._uint32, self._int32 = struct.Struct(f"{order}I"), struct.Struct(f"{order}i")
        self._at = _ENCAPSULATION

    def uint8(self) -> int:
        return self._take(1)[0]

    def uint32(self) -> int:
        return int(self._uint32.unpack(self._aligned())[0])

    def int32(self) -> int:
        return int(self._int32.unpack(self._aligned())[0])

    def string(self) -> str:
        # The length counts the zero at the end.
        return bytes(self._take(self.uint32())[:-1]).decode("utf-8", "replace")

    def octets(self) -> memoryview:
        return self._take(self.uint32())

    def header(self) -> Header:
        stamp = Time(sec=self.int32(), nanosec=self.uint32())
        return Header(stamp=stamp, frame_id=self.string())

    def _aligned(self) -> memoryview:
        self._at += -(self._at - _ENCAPSULATION) % 4
        return self._take(4)

    def _take(self, size: int) -> memoryview:
        part = self._view[self._at : self._at + size]
        if len(part) < size:
            raise EncodingError(f"a message of {len(self._view)} bytes is cut short")
        self._at += size
        return part
