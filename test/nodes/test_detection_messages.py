"""Detections, serialized by ourselves and by rclpy."""

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("vision_msgs", reason="needs vision_msgs; `make setup` builds it")

from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from edge_compress.nodes import detection_messages
from edge_compress.nodes.detection_messages import DetectionMessages, detection_array
from edge_compress.vision.detections import Detections

LABELS = ("person", "Straßenbahn", "x", "four")


def found(count):
    rng = np.random.default_rng(count)
    return Detections(
        rng.uniform(0, 4000, (count, 4)).astype(np.float32),
        rng.random(count).astype(np.float32),
        rng.integers(0, len(LABELS) + 1, count),
        LABELS,
    )


@pytest.mark.parametrize("frame_id", ["", "a", "ab", "abc", "camera_optical_frame", "Kamera-ä"])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 300])
@pytest.mark.parametrize("tracked", [False, True])
def test_what_is_read_is_what_rclpy_would_have_written(count, frame_id, tracked):
    header = Header(stamp=Time(sec=-3, nanosec=999_999_999), frame_id=frame_id)
    ids = [str(7**number)[:number] for number in range(count)] if tracked else ()
    messages = DetectionMessages()
    assert messages.serialized
    written = messages(found(count), header, ids)
    assert isinstance(written, bytes)
    assert deserialize_message(written, Detection2DArray) == detection_array(
        found(count), header, ids
    )


@pytest.mark.parametrize("end", [b"", bytes(8)])
def test_with_other_fields_rclpy_writes_them(end, monkeypatch):
    real = detection_messages.serialize_detections
    monkeypatch.setattr(
        detection_messages, "serialize_detections", lambda *given: real(*given)[:-8] + end
    )
    messages = DetectionMessages()
    assert not messages.serialized
    message = messages(found(2), Header())
    assert isinstance(message, Detection2DArray)
    assert len(message.detections) == 2


@pytest.mark.slow
def test_a_node_with_other_fields_says_so_and_detects(
    start, probe, make_bundle, make_image, squares, tmp_path
):
    program = tmp_path / "other_fields.py"
    program.write_text(
        "import sys\nfrom edge_compress.nodes import detection_messages\n"
        "detection_messages.serialize_detections = lambda *given: b'\\0\\1\\0\\0'\n"
        "from edge_compress.nodes.detector import main; sys.exit(main())\n"
    )
    node = start("detector", program=program, bundle=make_bundle(), threads=1)
    results, _ = probe.listen(Detection2DArray, f"{node.namespace}/detections")
    images = probe.publisher(Image, f"{node.namespace}/image_raw", 1)

    def answered():
        images.publish(make_image(squares()))
        probe.spin(0.1)
        return results

    probe.until(answered, "a result")
    assert len(results[-1].detections) == 1
    assert node.log.count("rclpy serializes detections") == 1
    assert node.stop() == 0
