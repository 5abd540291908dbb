"""A bag, the camera that plays it, and the detector: three processes, and what comes of it."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from vision_msgs.msg import Detection2DArray

from edge_compress.bags.bag import Bag
from edge_compress.bags.writer import BagWriter
from edge_compress.cli.main import main

SECOND = 1_000_000_000
COUNT = 12


def stamp_of(header):
    return header.stamp.sec * SECOND + header.stamp.nanosec


def boxes_of(message):
    """Return each object as class, score, centre and size."""
    found = []
    for element in message.detections:
        hypothesis, box = element.results[0].hypothesis, element.bbox
        centre = box.center.position
        found.append(
            (hypothesis.class_id, hypothesis.score, centre.x, centre.y, box.size_x, box.size_y)
        )
    return found


def write_bag(path, vtest_video):
    """Write a frame of the video every half second, as JPEGs."""
    with BagWriter(path) as writer:
        types = writer.types
        writer.add("/square/image_raw/compressed", "sensor_msgs/msg/CompressedImage")
        video = cv2.VideoCapture(str(vtest_video))
        for number in range(COUNT):
            time_ns = 1_700_000_000 * SECOND + number * SECOND // 2
            stamp = types["builtin_interfaces/msg/Time"](*divmod(time_ns - 3_000_000, SECOND))
            header = types["std_msgs/msg/Header"](stamp, "square_optical")
            image = cv2.resize(video.read()[1], (384, 288))
            data = cv2.imencode(".jpg", image)[1].reshape(-1)
            message = types["sensor_msgs/msg/CompressedImage"](header, "jpeg", data)
            writer.write("/square/image_raw/compressed", time_ns, message)
        video.release()
    return path


@pytest.fixture
def yolox_bundle(tmp_path):
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from benchmarks.runtime import bundles

    return bundles.yolox_bundle(tmp_path, "yolox")


@pytest.mark.slow
def test_the_node_sees_in_a_played_bag_what_the_command_sees_in_it(
    start, probe, tmp_path, vtest_video, yolox_bundle
):
    bag, seen = write_bag(tmp_path / "drive", vtest_video), tmp_path / "seen"
    assert main(["detect", str(yolox_bundle), str(bag), "-o", str(seen), "--threads", "1"]) == 0
    with Bag.open(seen) as results:
        by_command = {
            stamp_of(record.message.header): boxes_of(record.message)
            for record in results.read(["/square/detections"])
        }
    assert len(by_command) == COUNT
    assert sum(map(len, by_command.values())) > 3 * COUNT

    settings = {"namespace": "/square", "use_sim_time": True}
    detector = start("detector", bundle=yolox_bundle, threads=1, **settings)
    came, _ = probe.listen(Detection2DArray, "/square/detections", 20)
    probe.until(lambda: probe.node.count_publishers("/square/detections"), "the detector")
    camera = start(
        "camera", source=bag, loop=False, publish_clock=True, wait_for_subscribers=1, **settings
    )
    probe.until_ended(camera)
    assert camera.wait() == 0
    by_node = {stamp_of(message.header): boxes_of(message) for message in came}
    # A frame may be dropped while another program has the core, and is counted by the detector.
    assert len(by_node) >= COUNT - 2
    assert by_node.keys() <= by_command.keys()
    assert {message.header.frame_id for message in came} == {"square_optical"}
    for stamp, boxes in by_node.items():
        assert [box[0] for box in boxes] == [box[0] for box in by_command[stamp]]
        numbers = [box[1:] for box in boxes]
        assert np.allclose(numbers, [box[1:] for box in by_command[stamp]], atol=1e-3)
    # In the time of the bag a frame is milliseconds old, and not years.
    _, _, latency = probe.status(f"{detector.status_name}: latency")
    assert 0 <= float(latency["age_p50_ms"]) < 1000
