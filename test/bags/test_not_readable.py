"""Bags of another user."""

import os
from pathlib import Path

import pytest

from edge_compress.bags.bag import Bag
from edge_compress.bags.errors import BagError
from edge_compress.bags.path import is_bag
from edge_compress.bags.sqlite import SqliteStorage

NOBODY = 65534


@pytest.fixture
def close(tmp_path, monkeypatch):
    """Return a function that closes a file or a folder to all, us included."""
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)  # the folders above are closed to others, too
    root = os.geteuid() == 0

    def closed(path, mode=0o000):
        Path(path).chmod(mode)
        if root:
            os.seteuid(NOBODY)

    yield closed
    if root:
        os.seteuid(0)
    for path in tmp_path.rglob("*"):
        path.chmod(0o755)


@pytest.mark.parametrize("name", ["drive.mcap", "drive.db3"])
def test_a_file_is_named_and_why(make_bag, close, name):
    make_bag(name, "sqlite3" if name.endswith("db3") else "mcap")
    close(name)
    with pytest.raises(BagError, match=rf"^{name}: cannot be read: Permission denied$"):
        Bag.open(name)


@pytest.mark.parametrize("name", ["drive.mcap", "drive.db3", "metadata.yaml"])
def test_a_file_of_a_folder_is_named(make_bag, close, name):
    make_bag(storage="sqlite3" if name.endswith("db3") else "mcap")
    close(f"drive/{name}")
    with pytest.raises(BagError, match=rf"^drive/{name}: cannot be read: Permission denied$"):
        Bag.open("drive")


@pytest.mark.parametrize("path", ["drive", "drive/drive.mcap"])
def test_a_folder_is_refused_before_and_on_opening(make_bag, close, path):
    make_bag()
    close("drive")
    for ask in (is_bag, Bag.open):
        with pytest.raises(BagError, match=r"^drive/\S+: cannot be read: Permission denied$"):
            ask(Path(path))


def test_a_folder_that_cannot_be_listed_is_refused(close):
    Path("drive").mkdir()
    close("drive", 0o111)
    with pytest.raises(BagError, match=r"^drive: cannot be read: Permission denied$"):
        is_bag(Path("drive"))


def test_what_sqlite_does_not_open_is_told(tmp_path):
    (tmp_path / "drive.db3").mkdir()
    with pytest.raises(BagError, match=r"drive\.db3: cannot be read as a bag of sqlite3: \w"):
        SqliteStorage(tmp_path / "drive.db3", finished=True)
