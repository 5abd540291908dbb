"""Writes detections as vision_msgs/Detection2DArray in its serialized form.

rclpy would turn each object of a message into a C struct, field by field, with a pose and its
covariance that nobody fills in, and have that serialized: three times the work of this.

The layout is plain CDR: OMG Common Data Representation, as in the DDS-RTPS specification 2.5, 10.2.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from std_msgs.msg import Header

from edge_compress.vision.detections import Detections

_LITTLE_ENDIAN = b"\x00\x01\x00\x00"
_ONE_HYPOTHESIS = struct.pack("<I", 1)
# Of geometry_msgs/PoseWithCovariance: nowhere, not turned, and nothing known of either.
_NO_POSE = struct.pack("<7d36d", *(0.0,) * 6, 1.0, *(0.0,) * 36)


def serialize_detections(detections: Detections, header: Header, ids: Sequence[str] = ()) -> bytes:
    """Return a serialized array, as `Publisher.publish` takes it.

    Each element carries the header, and centre and size in source pixels.

    Args:
        detections: of one frame.
        header: of that frame.
        ids: the track of each detection, as far as it has one; empty when none is tracked.
    """
    stamp = struct.pack("<iI", header.stamp.sec, header.stamp.nanosec)
    same = stamp + _string(header.frame_id)
    out = bytearray(same)
    _align(out, 4)
    out += struct.pack("<I", len(detections))
    ids = ids or ("",) * len(detections)
    boxes, scores = detections.boxes.tolist(), detections.scores.tolist()
    for (x1, y1, x2, y2), score, name, track in zip(
        boxes, scores, detections.names, ids, strict=True
    ):
        _align(out, 4)
        out += same
        _align(out, 4)
        out += _ONE_HYPOTHESIS
        out += _string(name)
        _align(out, 8)
        out += struct.pack("<d", score)
        out += _NO_POSE
        out += struct.pack("<5d", (x1 + x2) / 2, (y1 + y2) / 2, 0.0, x2 - x1, y2 - y1)
        out += _string(track)
    return _LITTLE_ENDIAN + bytes(out)


def _string(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<I", len(encoded) + 1) + encoded + b"\x00"


def _align(out: bytearray, size: int) -> None:
    out += bytes(-len(out) % size)
