"""Whole bags: what is in them, in order, read as their own definitions say."""

import shutil
import sqlite3

import numpy as np
import pytest
from mcap_ros2.writer import Writer as FoxgloveWriter
from recordings import JPEG, RAW, SECOND, frame, numbers
from rosbags.rosbag2 import CompressionFormat, CompressionMode, Reader, StoragePlugin, Writer

from edge_compress.bags.bag import Bag, Topic
from edge_compress.bags.boxes import centre
from edge_compress.bags.errors import BagError
from edge_compress.bags.images import choose_topic, read_images
from edge_compress.bags.path import is_bag

STORAGES = ("mcap", "sqlite3")


@pytest.mark.parametrize("name", ["drive", "run #3 (50%)?.mcap", "alone.db3"])
@pytest.mark.parametrize("storage", STORAGES)
def test_topics_and_frames_with_their_stamps(make_bag, name, storage):
    path = make_bag(name, storage, topics=(RAW, JPEG))
    with Bag.open(path) as bag:
        assert bag.topics == {
            RAW: Topic(RAW, "sensor_msgs/msg/Image", 10),
            JPEG: Topic(JPEG, "sensor_msgs/msg/CompressedImage", 10),
        }
        assert not bag.cut_off
        for topic in (RAW, JPEG):
            images = list(read_images(bag, [topic]))
            assert numbers(images) == list(range(10))
            assert np.array_equal(images[3].pixels().bgr(), frame(3))
            assert [image.frame_id for image in images] == ["left_optical"] * 10
            assert images[3].time_ns == 100 * SECOND + 3 * SECOND // 10
            assert images[3].stamp_ns == images[3].time_ns - 7_000_000
        both = [record.topic for record in bag.read()]
        assert sorted(both[:2]) == sorted((RAW, JPEG))
        assert len(both) == 20


@pytest.mark.parametrize("storage", STORAGES)
def test_a_part_by_time(make_bag, storage):
    with Bag.open(make_bag(storage=storage)) as bag:
        times = [record.time_ns for record in bag.read([RAW])]
        part = bag.read([RAW], start_ns=times[2], stop_ns=times[5])
        assert [record.time_ns for record in part] == times[2:5]


@pytest.mark.parametrize("storage", STORAGES)
def test_a_bag_in_several_files_is_one(tmp_path, make_bag, storage):
    whole = tmp_path / "split"
    suffix = ".mcap" if storage == "mcap" else ".db3"
    whole.mkdir()
    for part, first in enumerate((0, 5, 9, 10)):
        one = make_bag(f"part{part}{suffix}", storage, first=first, count=(5, 4, 1, 2)[part])
        shutil.move(one, whole / f"split_{part + 8}{suffix}")  # _10 comes after _9
    with Bag.open(whole) as bag:
        assert bag.topics[RAW].count == 12
        assert numbers(list(read_images(bag, [RAW]))) == list(range(12))


@pytest.mark.parametrize("mode", [CompressionMode.FILE, CompressionMode.MESSAGE])
@pytest.mark.parametrize("plugin", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_compressed_bags(tmp_path, make_bag, mode, plugin):
    path = tmp_path / "packed"
    writer = Writer(path, version=8, storage_plugin=plugin)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    with Reader(make_bag()) as plain, writer:
        (source,) = plain.connections
        target = writer.add_connection(
            source.topic, source.msgtype, msgdef=source.msgdef.data, rihs01="RIHS01_0"
        )
        for _, time_ns, data in plain.messages():
            writer.write(target, time_ns, data)
    with Bag.open(path) as bag:
        assert numbers(list(read_images(bag, [RAW]))) == list(range(10))
    (path / "metadata.yaml").unlink()
    if mode == CompressionMode.FILE:
        with pytest.raises(BagError, match="compressed, and metadata.yaml is missing"):
            Bag.open(path)


def test_the_bags_own_definition_wins(tmp_path):
    """A box of vision_msgs 3.0 has its centre without a position."""
    path = tmp_path / "old.mcap"
    with path.open("wb") as file:
        writer = FoxgloveWriter(file)
        schema = writer.register_msgdef(
            "vision_msgs/msg/BoundingBox2D",
            "geometry_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y\n" + "=" * 80 + "\n"
            "MSG: geometry_msgs/Pose2D\nfloat64 x\nfloat64 y\nfloat64 theta\n",
        )
        box = {"center": {"x": 3.0, "y": 4.0, "theta": 0.5}, "size_x": 1.0, "size_y": 2.0}
        writer.write_message("/box", schema, box, log_time=5, publish_time=5)
        writer.finish()
    with Bag.open(path) as bag:
        (record,) = bag.read()
    assert not hasattr(record.message.center, "position")
    assert centre(record.message) == (3.0, 4.0, 0.5)
    assert (record.time_ns, record.message.size_y) == (5, 2.0)


def test_without_a_definition_ours_is_taken(make_bag, tmp_path):
    """As in bags of sqlite3 before Iron."""
    path = make_bag("old.db3", "sqlite3")
    with sqlite3.connect(path) as database:
        for table in ("message_definitions", "schema"):
            database.execute(f"DROP TABLE {table}")
    with Bag.open(path) as bag:
        assert numbers(list(read_images(bag, [RAW]))) == list(range(10))


def test_what_nobody_defines_does_not_keep_from_reading_the_rest(tmp_path, make_bag):
    path = tmp_path / "mixed.mcap"
    with path.open("wb") as file:
        writer = FoxgloveWriter(file)
        known = writer.register_msgdef("std_msgs/msg/String", "string data")
        broken = writer.register_msgdef("my_msgs/srv/Do_Event", "a b c d\n---\nuint8 x")
        writer.write_message("/talk", known, {"data": "hello"}, log_time=1, publish_time=1)
        writer._writer.add_message(
            writer._writer.register_channel("/do", "cdr", broken.id), 2, b"\0\1\0\0", 2
        )
        writer.finish()
    with Bag.open(path) as bag:
        assert [record.message.data for record in bag.read(["/talk"])] == ["hello"]
        with pytest.raises(
            BagError, match="/do: the bag's definition of my_msgs/srv/Do_Event"
        ) as e:
            list(bag.read())
        assert "\n" not in str(e.value)
    old = make_bag("old.db3", "sqlite3")
    with sqlite3.connect(old) as database:
        database.execute("UPDATE topics SET type = 'my_msgs/msg/Mine'")
    with Bag.open(old) as bag, pytest.raises(BagError, match="my_msgs/msg/Mine, which neither"):
        list(bag.read())


def test_a_topic_is_chosen_when_there_is_one_with_images(make_bag):
    with Bag.open(make_bag()) as bag:
        assert choose_topic(bag).name == RAW
        assert choose_topic(bag, "cam/image_raw").name == RAW
        with pytest.raises(BagError, match=r"no topic /front; it has /cam/image_raw \(sensor_msgs"):
            choose_topic(bag, "/front")
    with Bag.open(make_bag("two", topics=(RAW, JPEG))) as bag:
        with pytest.raises(BagError, match=f"several topics have images.*{RAW} .*{JPEG} "):
            choose_topic(bag)
        assert choose_topic(bag, JPEG).name == JPEG


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "no such file or folder"),
        (lambda path: path.mkdir(), "no bag in this folder"),
        (lambda path: path.write_text("text"), "no bag; give a folder of rosbag2"),
    ],
)
def test_what_is_no_bag(tmp_path, make, told):
    path = tmp_path / "thing"
    make(path)
    assert not is_bag(path)
    with pytest.raises(BagError, match=told):
        Bag.open(path)


@pytest.mark.parametrize("suffix", [".mcap", ".db3"])
@pytest.mark.parametrize("content", [b"", b"no bag at all, but longer than any header of one"])
def test_files_that_only_have_the_name_of_a_bag(tmp_path, suffix, content):
    path = tmp_path / f"flight{suffix}"
    path.write_bytes(content)
    assert is_bag(path)
    with pytest.raises(BagError, match=f"flight{suffix}: cannot be read as a bag"):
        Bag.open(path)


def test_a_missing_file_of_a_bag_is_named(make_bag):
    path = make_bag()
    (path / "drive.mcap").unlink()
    with pytest.raises(BagError, match=r"metadata.yaml names drive.mcap, which is missing"):
        Bag.open(path)
    (path / "metadata.yaml").write_text("rosbag2_bagfile_information: [")
    with pytest.raises(BagError, match="cannot be read as a bag's metadata"):
        Bag.open(path)


def test_a_bag_of_ros_1_and_how_to_convert_it(tmp_path):
    path = tmp_path / "old.bag"
    path.write_bytes(b"#ROSBAG V2.0")
    with pytest.raises(BagError, match="a bag of ROS 1; convert it: rosbags-convert --src"):
        Bag.open(path)


def test_a_metadata_file_of_something_else_makes_no_bag(make_bag, tmp_path):
    (tmp_path / "metadata.yaml").write_text("name: [pictures")
    assert not is_bag(tmp_path)
    with Bag.open(make_bag("drive.mcap")) as bag:
        assert bag.topics[RAW].count == 10


def test_topics_without_images_are_told(tmp_path):
    from edge_compress.bags.writer import BagWriter

    with BagWriter(tmp_path / "talk") as writer:
        writer.add("/chatter", "std_msgs/msg/String")
        writer.write("/chatter", 1, writer.types["std_msgs/msg/String"]("hello"))
    with Bag.open(tmp_path / "talk") as bag:
        with pytest.raises(BagError, match=r"no topic with images; it has /chatter \(std_msgs"):
            choose_topic(bag)
        with pytest.raises(BagError, match="/chatter is std_msgs/msg/String, not sensor_msgs"):
            choose_topic(bag, "/chatter")
