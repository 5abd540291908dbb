"""Images read from their serialized form."""

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from edge_compress.nodes.messages import byte_array
from edge_compress.nodes.raw_images import read_compressed_image, read_image
from edge_compress.vision.encodings import EncodingError


@pytest.mark.parametrize("frame_id", ["", "a", "cam", "left", "left/optical", "Kamera-ä"])
@pytest.mark.parametrize("encoding", ["bgr8", "mono16", "yuv422_yuy2"])
def test_every_field_is_as_rclpy_reads_it(frame_id, encoding):
    header = Header(stamp=Time(sec=-3, nanosec=999_999_999), frame_id=frame_id)
    data = byte_array(np.arange(60, dtype=np.uint8))
    settings = {"height": 4, "width": 5, "encoding": encoding, "is_bigendian": 1, "step": 15}
    message = Image(header=header, data=data, **settings)
    read = read_image(serialize_message(message))
    assert read.header == header
    assert {name: getattr(read, name) for name in settings} == settings
    assert bytes(read.data) == data.tobytes()


@pytest.mark.parametrize("frame_id", ["", "ab", "camera"])
def test_a_compressed_image(frame_id):
    header = Header(stamp=Time(sec=7, nanosec=8), frame_id=frame_id)
    data = byte_array(np.arange(9, dtype=np.uint8))
    read = read_compressed_image(
        serialize_message(CompressedImage(header=header, format="jpeg", data=data))
    )
    assert (read.header, read.format, bytes(read.data)) == (header, "jpeg", data.tobytes())


def test_what_is_cut_short_or_of_another_kind_is_refused():
    whole = serialize_message(Image(data=byte_array(np.zeros(100, np.uint8))))
    for size in range(len(whole) - 3):  # CDR may pad its end
        with pytest.raises(EncodingError):
            read_image(whole[:size])
    with pytest.raises(EncodingError, match="unknown way"):
        read_image(b"\x00\x03" + whole[2:])
