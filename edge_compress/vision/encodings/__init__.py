"""The encodings of sensor_msgs/Image: how each lies in memory, and the ways to BGR pixels."""

from edge_compress.vision.encodings.convert import to_bgr
from edge_compress.vision.encodings.layout import ENCODINGS, Encoded, EncodingError, read_frame
from edge_compress.vision.encodings.shrink import shrink

__all__ = ["ENCODINGS", "Encoded", "EncodingError", "read_frame", "shrink", "to_bgr"]
