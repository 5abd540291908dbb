"""Bags are written whole or not at all."""

import re
from pathlib import Path

import pytest
from recordings import RAW, write_bag
from rosbags.typesys import get_types_from_msg, get_typestore
from rosbags.typesys.stores import Stores

from edge_compress.bags.errors import BagError
from edge_compress.bags.types import VISION_MSGS, our_types
from edge_compress.bags.writer import BagWriter

INTERFACES = Path(__file__).parents[2] / "interfaces" / "vision_msgs" / "msg"
# Of vision_msgs 4.1.1 as it is installed on robots.
HASHES = {
    "Detection2DArray": "214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968",
    "LabelInfo": "3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783",
    "Classification": "f74db28d0eaef3afb78f48bf2161cd709a1383a0309d3454383b25be11345143",
}


@pytest.mark.parametrize("name", HASHES)
def test_the_types_are_those_that_robots_have(name):
    assert our_types().hash_rihs01(f"vision_msgs/msg/{name}") == f"RIHS01_{HASHES[name]}"


def test_the_types_are_those_that_the_node_is_built_with():
    store = get_typestore(Stores.LATEST)
    for file in INTERFACES.glob("*.msg"):
        store.register(get_types_from_msg(file.read_text(), f"vision_msgs/msg/{file.stem}"))
    ours = our_types()
    for name in VISION_MSGS:
        full = f"vision_msgs/msg/{name}"
        assert store.fielddefs[full] == ours.fielddefs[full]


@pytest.mark.parametrize("name", ["drive", "drive.mcap", "drive.db3"])
def test_a_failure_leaves_nothing(tmp_path, name):
    with pytest.raises(ZeroDivisionError), BagWriter(tmp_path / name) as writer:
        writer.add("/chatter", "std_msgs/msg/String")
        writer.write("/chatter", 1, writer.types["std_msgs/msg/String"]("hello"))
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_what_takes_its_name_meanwhile_is_left_alone(tmp_path):
    path = tmp_path / "drive"
    with pytest.raises(BagError, match="drive: exists already"), BagWriter(path) as writer:
        writer.add("/chatter", "std_msgs/msg/String")
        path.mkdir()
    assert list(tmp_path.iterdir()) == [path]
    assert list(path.iterdir()) == []


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_full_disk_is_one_clear_error(tmp_path, monkeypatch, storage):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, limits[1]))
    try:
        with pytest.raises(BagError, match=re.escape(f"{tmp_path / 'drive'}: cannot be written")):
            write_bag(tmp_path / "drive", storage, count=60, side=8)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_the_writer_of_sqlite3_takes_for_another_is_refused(tmp_path):
    with pytest.raises(BagError, match="cannot have #, . or % in its path; use mcap"):
        write_bag(tmp_path / "run #3", "sqlite3")
    assert list(tmp_path.iterdir()) == []
    assert write_bag(tmp_path / "run #3", "mcap", topics=(RAW,)).is_dir()
