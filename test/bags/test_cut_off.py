"""Bags whose recorder was killed: all that is whole is read, and then it is said."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import CompressionType, Writer
from recordings import RAW, numbers
from rosbags.rosbag2 import Reader

from edge_compress.bags.bag import Bag
from edge_compress.bags.errors import BagCutOff, BagError
from edge_compress.bags.images import read_images


def read(path):
    """Return the numbers of the frames that come, and what is told at the end."""
    found = []
    with Bag.open(path) as bag:
        try:
            for image in read_images(bag, [RAW]):
                found += numbers([image])
        except BagCutOff as error:
            return found, str(error)
    return found, ""


def cut(path, share):
    os.truncate(path, int(path.stat().st_size * share))
    return path


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95, 0.99999])
def test_an_mcap_file_gives_all_whole_chunks(make_bag, share):
    path = cut(make_bag("drive.mcap", count=40, side=8), share)  # a chunk has some frames
    found, told = read(path)
    assert found == list(range(len(found)))
    assert len(found) >= 40 * share - 12
    assert "the bag is cut off (its end is missing)" in told
    assert f"the {len(found)} messages of {RAW} that are whole were read" in told


@pytest.mark.parametrize(
    ("chunked", "compression"),
    [(True, CompressionType.ZSTD), (True, CompressionType.LZ4), (False, CompressionType.NONE)],
)
@pytest.mark.parametrize("share", [0.4, 1.0])
def test_files_of_another_writer(make_bag, tmp_path, chunked, compression, share):
    """With checksums and compressed chunks, or without chunks, as the fast profile of rosbag2."""
    path = tmp_path / "other.mcap"
    with Reader(make_bag(count=40, side=4)) as source, path.open("wb") as file:
        (topic,) = source.connections
        writer = Writer(file, chunk_size=50_000, compression=compression, use_chunking=chunked)
        writer.start(profile="ros2")
        schema = writer.register_schema(topic.msgtype, "ros2msg", topic.msgdef.data.encode())
        channel = writer.register_channel(topic.topic, "cdr", schema)
        for number, (_, time_ns, data) in enumerate(source.messages()):
            data = bytearray(data)
            noise = np.random.default_rng(number).integers(0, 256, 20_000, np.uint8)
            data[-20_000:] = noise.tobytes()  # so that compression leaves something to cut
            writer.add_message(channel, time_ns, bytes(data), time_ns)
        writer.finish()
    if share < 1:
        cut(path, share)
    found, told = read(path)
    assert found == list(range(len(found)))
    assert abs(len(found) - 40 * share) <= 4
    assert bool(told) == (share < 1)


def test_an_mcap_file_that_ends_in_zeros(make_bag):
    path = make_bag("drive.mcap", count=40, side=8)
    size = path.stat().st_size
    os.truncate(path, size // 2)
    os.truncate(path, size)  # as when a disk was told the length but not yet the content
    found, told = read(path)
    assert found == list(range(len(found)))
    assert len(found) > 8
    assert "cut off" in told


def test_a_damaged_chunk_in_the_middle_ends_it(make_bag):
    path = make_bag("drive.mcap", count=40, side=8)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 1_000_000] = bytes(1_000_000)
    path.write_bytes(data)
    try:
        found, told = read(path)
    except BagError as error:
        found, told = [], str(error)
    assert found == list(range(len(found)))
    assert told


def test_nothing_whole_is_an_error(make_bag):
    path = cut(make_bag("drive.mcap", count=4), 0.001)
    with pytest.raises(BagError, match="drive.mcap: cannot be read as a bag"):
        read(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_sqlite3_file_that_is_shorter_than_it_says(make_bag, share):
    path = cut(make_bag("drive.db3", "sqlite3", count=100, side=4), share)
    found, told = read(path)
    assert found == list(range(len(found)))
    assert len(found) > 100 * share - 12
    assert "cut off" in told


def test_without_metadata_only_the_file_itself_can_say_that_it_is_whole(make_bag):
    path = make_bag("drive", "sqlite3")
    (path / "metadata.yaml").unlink()
    assert read(path) == (list(range(10)), "")
    with sqlite3.connect(path / "drive.db3") as database:
        database.execute("UPDATE metadata SET metadata = 'message_count: 0'")  # as on opening
    found, told = read(path)
    assert found == list(range(10))
    assert "its recorder has not closed it" in told
    with sqlite3.connect(path / "drive.db3") as database:
        database.execute("DROP TABLE metadata")  # as before Iron
    assert "its recorder has not closed it" in read(path / "drive.db3")[1]


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_what_waits_in_a_journal_is_read_or_undone(make_bag, tmp_path, journal):
    path = make_bag("drive", "sqlite3", count=30, side=4)
    file = path / "drive.db3"
    (path / "metadata.yaml").unlink()
    program = f"""
        import sqlite3, time
        database = sqlite3.connect({str(file)!r})
        database.execute("DROP TABLE metadata")
        database.execute("PRAGMA journal_mode = {journal}")
        database.execute("PRAGMA cache_size = 5")
        rows = database.execute("SELECT * FROM messages WHERE id > 20").fetchall()
        database.execute("DELETE FROM messages WHERE id > 20")
        database.commit()
        database.executemany("INSERT INTO messages VALUES (?, ?, ?, ?)", rows)
        if {journal!r} == "WAL":
            database.commit()
        print("ready", flush=True)
        time.sleep(60)
    """
    recorder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE
    )
    assert recorder.stdout.readline() == b"ready\n"
    recorder.kill()
    recorder.wait()
    assert [other for other in path.iterdir() if other.stat().st_size and other != file]
    found, told = read(path)
    assert found == list(range(30 if journal == "WAL" else 20))
    assert "its recorder has not closed it" in told


def test_the_last_of_several_files_may_be_empty(make_bag, tmp_path):
    path = make_bag()
    (path / "metadata.yaml").write_text("")  # killed while it was written
    (path / "drive.mcap").rename(path / "drive_0.mcap")
    (path / "drive_1.mcap").write_bytes(b"")
    found, told = read(path)
    assert found == list(range(10))
    assert "drive_1.mcap" in told


def test_a_writer_that_is_killed_leaves_nothing_under_the_bags_name(tmp_path):
    program = f"""
        import sys, time
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        import recordings
        original = recordings._message
        def slow(*arguments):
            print("writing", flush=True)
            time.sleep(0.05)
            return original(*arguments)
        recordings._message = slow
        recordings.write_bag(Path({str(tmp_path)!r}) / "drive", count=1000)
    """
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE
    )
    assert writer.stdout.readline() == b"writing\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert not (tmp_path / "drive").exists()
