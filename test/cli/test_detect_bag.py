"""What a model sees in a bag, as a bag that others read."""

import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rosbags.highlevel import AnyReader

from edge_compress.bags.bag import Bag
from edge_compress.bags.writer import BagWriter
from edge_compress.cli.main import main

SECOND = 1_000_000_000
RAW, JPEG = "/cam/image_raw", "/cam/image_raw/compressed"
# What the small detector sees of `squares`, as (x, y, width, height).
RED = (88.0, 56.0, 32.0, 32.0)


def squares(number):
    """Return a frame of 192 x 128 with a red square in it, but for every third."""
    image = np.zeros((128, 192, 3), np.uint8)
    if number % 3:
        image[48:64, 80:96] = (0, 0, 255)
    return image


def time_of(number):
    return 50 * SECOND + number * 33_333_333


def record(path, storage="mcap", topics=(RAW,), count=6, broken=()):
    """Write a bag of squares, stamped 1.5 ms before they were recorded."""
    with BagWriter(path, storage) as writer:
        types = writer.types
        for topic in topics:
            kind = "CompressedImage" if topic == JPEG else "Image"
            writer.add(topic, f"sensor_msgs/msg/{kind}")
        for number in range(count):
            stamp = divmod(time_of(number) - 1_500_000, SECOND)
            header = types["std_msgs/msg/Header"](
                types["builtin_interfaces/msg/Time"](*stamp), "cam_optical"
            )
            image = squares(number)
            for topic in topics:
                if topic == JPEG:
                    data = cv2.imencode(".png", image)[1].reshape(-1)
                    data = data[: len(data) // 2] if number in broken else data
                    message = types["sensor_msgs/msg/CompressedImage"](header, "png", data)
                else:
                    step = 3 * 192 - (number in broken)
                    message = types["sensor_msgs/msg/Image"](
                        header, 128, 192, "bgr8", 0, step, image.reshape(-1)
                    )
                writer.write(topic, time_of(number), message)
    return path


def detect(bundle, bag, output, *arguments):
    return main(["detect", str(bundle), str(bag), "-o", str(output), "--threads", "1", *arguments])


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("topic", [RAW, JPEG])
def test_each_frame_has_its_result_at_its_time_with_its_header(
    make_bundle, tmp_path, capsys, topic, storage
):
    bag = record(tmp_path / "drive", topics=(RAW, JPEG))
    seen = tmp_path / "seen"
    assert detect(make_bundle(), bag, seen, "--topic", topic, "--storage", storage) == 0
    assert "6 frame(s), 4 detection(s)" in capsys.readouterr().out
    suffix = ".mcap" if storage == "mcap" else ".db3"
    assert sorted(file.suffix for file in seen.iterdir()) == sorted([suffix, ".yaml"])
    with AnyReader([seen]) as reader:
        kinds = {connection.topic: connection.msgtype for connection in reader.connections}
        assert kinds == {
            "/cam/detections": "vision_msgs/msg/Detection2DArray",
            "/cam/label_info": "vision_msgs/msg/LabelInfo",
        }
        found = [
            (time_ns, reader.deserialize(data, connection.msgtype))
            for connection, time_ns, data in reader.messages()
            if connection.topic == "/cam/detections"
        ]
    assert [time_ns for time_ns, _ in found] == [time_of(number) for number in range(6)]
    for number, (time_ns, message) in enumerate(found):
        headers = [message.header, *[element.header for element in message.detections]]
        stamps = {header.stamp.sec * SECOND + header.stamp.nanosec for header in headers}
        assert stamps == {time_ns - 1_500_000}
        assert {header.frame_id for header in headers} == {"cam_optical"}
        assert len(message.detections) == bool(number % 3)
        for element in message.detections:
            box = element.bbox
            assert (*vars(box.center.position).values(), box.size_x, box.size_y)[:2] == RED[:2]
            assert (box.size_x, box.size_y, box.center.theta) == (*RED[2:], 0.0)
            (result,) = element.results
            assert result.hypothesis.class_id == "red"
            assert result.hypothesis.score == pytest.approx(1.0)
            assert result.pose.pose.orientation.w == 1.0
            assert element.id == ""


def test_foxgloves_reader_reads_it(make_bundle, tmp_path):
    seen = tmp_path / "seen.mcap"
    assert detect(make_bundle(), record(tmp_path / "drive.db3"), seen) == 0
    with seen.open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        summary = reader.get_summary()
        assert summary.statistics.message_count == 7
        assert {s.encoding for s in summary.schemas.values()} == {"ros2msg"}
        decoded = [
            (channel.topic, message.log_time, content)
            for _, channel, message, content in reader.iter_decoded_messages()
        ]
    labels = [content for topic, _, content in decoded if topic == "/cam/label_info"]
    assert [(c.class_id, c.class_name) for c in labels[0].class_map] == [
        (0, "blue"),
        (1, "green"),
        (2, "red"),
    ]
    assert labels[0].threshold == pytest.approx(0.3)
    boxes = [c for topic, _, c in decoded if topic == "/cam/detections"]
    assert boxes[1].detections[0].bbox.center.position.x == RED[0]
    qos = next(c.metadata for c in summary.channels.values() if c.topic == "/cam/label_info")
    assert "durability: 1" in qos["offered_qos_profiles"]  # transient local: latched when played


def test_several_topics_in_one_go(make_bundle, tmp_path):
    bag = record(tmp_path / "drive", topics=("/a/image_raw", "/b/image_raw"), count=3)
    seen = tmp_path / "seen"
    assert (
        detect(make_bundle(), bag, seen, "--topic", "/a/image_raw", "--topic", "b/image_raw") == 0
    )
    with Bag.open(seen) as found:
        assert {name: topic.count for name, topic in found.topics.items()} == {
            "/a/detections": 3,
            "/a/label_info": 1,
            "/b/detections": 3,
            "/b/label_info": 1,
        }


def test_a_classifier_writes_classifications(make_bundle, tmp_path):
    seen = tmp_path / "seen"
    assert detect(make_bundle(task="classification"), record(tmp_path / "drive"), seen) == 0
    with Bag.open(seen) as found:
        assert found.topics["/cam/classification"].type == "vision_msgs/msg/Classification"
        records = list(found.read(["/cam/classification"]))
    assert len(records) == 6
    assert records[1].message.results[0].class_id == "red"


def test_frames_that_cannot_be_read_are_skipped_and_told(make_bundle, tmp_path, capsys):
    for topic, why in ((RAW, "step"), (JPEG, "cut short")):
        name = f"seen{len(topic)}"
        bag = record(tmp_path / f"of_{name}", topics=(topic,), broken=(1, 4))
        assert detect(make_bundle(), bag, tmp_path / name) == 0
        told = capsys.readouterr()
        assert "4 frame(s)" in told.out
        assert "2 frame(s) skipped that cannot be read: /cam/" in told.err
        assert why in told.err
    bag = record(tmp_path / "all", broken=range(6))
    assert detect(make_bundle(), bag, tmp_path / "none") == 2
    assert "no frame can be read" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_what_is_whole_of_a_bag_that_is_cut_off_is_worked_on(make_bundle, tmp_path, capsys):
    bag = record(tmp_path / "drive.mcap", count=60)
    os.truncate(bag, bag.stat().st_size * 2 // 3)
    seen = tmp_path / "seen"
    assert detect(make_bundle(), bag, seen) == 1
    told = capsys.readouterr()
    assert "the bag is cut off (its end is missing)" in told.err
    assert "Traceback" not in told.err
    with Bag.open(seen) as found:
        assert not found.cut_off
        count = found.topics["/cam/detections"].count
        times = [record.time_ns for record in found.read(["/cam/detections"])]
    assert 25 < count < 45
    assert times == [time_of(number) for number in range(count)]
    assert f"{count} frame(s)" in told.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--topic", "/front"],
            "no topic /front; it has /cam/image_raw (sensor_msgs/msg/Image, 6)",
        ),
        (["--json", "x.json"], "`--json` is for images and videos"),
        (["--topic", RAW, "--topic", JPEG], "/cam/detections would hold the results of several"),
        ([], "several topics have images, choose one as `topic`"),
    ],
)
def test_mistakes_are_one_line(make_bundle, tmp_path, capsys, arguments, told):
    bag = record(tmp_path / "drive", topics=(RAW, JPEG))
    assert detect(make_bundle(), bag, tmp_path / "seen", *arguments) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir() if "seen" in path.name) == []


def test_nothing_is_overwritten(make_bundle, tmp_path, capsys):
    bag = record(tmp_path / "drive")
    before = {file: file.read_bytes() for file in bag.iterdir()}
    assert detect(make_bundle(), bag, bag) == 2
    assert "exists already" in capsys.readouterr().err
    assert before == {file: file.read_bytes() for file in bag.iterdir()}
    assert detect(make_bundle(), bag, tmp_path / "gone" / "seen") == 2
    assert "no such folder" in capsys.readouterr().err
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), squares(1))
    assert detect(make_bundle(), photo, tmp_path / "out.png", "--topic", RAW) == 2
    assert "is no bag" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_nothing(make_bundle, tmp_path, number):
    bag = record(tmp_path / "drive", count=3000)
    bundle = make_bundle(slow=("fp32",))
    output = tmp_path / "results" / "seen"
    output.parent.mkdir()
    command = ["detect", bundle, bag, "-o", output, "--threads", "1"]
    program = "import sys; from edge_compress.cli.main import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, command)], stderr=subprocess.PIPE
    )
    while not list(output.parent.glob(".seen-*/seen/seen.mcap")):
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else 143)
    assert b"Traceback" not in error
    assert list(output.parent.iterdir()) == []
