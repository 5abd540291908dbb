"""Which paths are bags, and which files hold what was recorded. Needs no library."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from edge_compress.bags.errors import BagError, readable

METADATA = "metadata.yaml"
SUFFIXES = (".mcap", ".db3")
_ROS_1 = ".bag"
_COMPRESSED = ".zstd"
_KEY = "rosbag2_bagfile_information"


@dataclass(frozen=True)
class BagFiles:
    """Where a bag is stored.

    Attributes:
        path: as it was given.
        files: in order of time.
        finished: its recorder said so in metadata.yaml.
        compressed: the files or each message of them, so that metadata.yaml is needed to read them.
    """

    path: Path
    files: tuple[Path, ...]
    finished: bool
    compressed: bool = False


def is_bag(path: Path) -> bool:
    """Whether a path looks like a bag: a folder of rosbag2, or one file of it alone.

    Raises:
        BagError: it may not be looked at.
    """
    with readable(path):
        if path.is_dir():
            return bool(_information(path) or _stored_in(path))
    return path.suffix in (*SUFFIXES, _ROS_1)


def find_files(path: Path) -> BagFiles:
    """Find the files of a bag.

    Raises:
        BagError: there is no bag, or some of its files are missing.
        OSError: it may not be read.
    """
    if not path.exists():
        raise BagError(f"{path}: no such file or folder")
    if path.is_file():
        if path.suffix == _ROS_1:
            raise BagError(
                f"{path}: a bag of ROS 1; convert it: rosbags-convert --src {path} "
                f"--dst {path.with_suffix('')}"
            )
        if path.suffix not in SUFFIXES:
            raise BagError(f"{path}: no bag; give a folder of rosbag2, a .mcap or a .db3 file")
        information = _information(path.parent)
        if information.get("compressed"):
            raise BagError(f"{path}: is compressed; give its folder, {path.parent}")
        listed = path.name in [Path(name).name for name in information.get("files", ())]
        return BagFiles(path, (path,), finished=listed)
    information = _information(path)
    if not information:
        files = _stored_in(path)
        if not files:
            raise BagError(f"{path}: no bag in this folder: neither {METADATA} nor .mcap nor .db3")
        if any(file.suffix == _COMPRESSED for file in files):
            raise BagError(
                f"{path}: compressed, and {METADATA} is missing, which says how; make it anew with "
                f"`ros2 bag reindex {path}`"
            )
        return BagFiles(path, files, finished=False)
    # Early versions wrote the folder's name before the file's.
    files = tuple(path / Path(name).name for name in information["files"])
    missing = [file.name for file in files if not file.exists()]
    if missing:
        raise BagError(
            f"{path}: {METADATA} names {', '.join(missing)}, which is missing; copy the whole "
            "folder, or give one of its files alone"
        )
    return BagFiles(path, files, finished=True, compressed=information["compressed"])


def _information(folder: Path) -> dict[str, Any]:
    """What metadata.yaml says of files and compression; empty where a bag has none.

    A recorder that is killed while it writes it leaves it empty, and other tools have files of that
    name, too.
    """
    file = folder / METADATA
    try:
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if _KEY not in text:
            return {}
        found = yaml.safe_load(text)[_KEY]
        files = [str(name) for name in found["relative_file_paths"]]
        mode = str(found.get("compression_mode") or "none").lower()
    except (UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise BagError(
            f"{file}: cannot be read as a bag's metadata ({type(error).__name__}: {error}); remove "
            "it to read what is beside it"
        ) from error
    return {"files": files, "compressed": mode != "none"}


def _stored_in(folder: Path) -> tuple[Path, ...]:
    """The files of a folder in the order in which the recorder began them: NAME_2 before _10."""
    files = [
        file
        for file in folder.iterdir()
        if file.suffix in SUFFIXES
        or (file.suffix == _COMPRESSED and Path(file.stem).suffix in SUFFIXES)
    ]
    return tuple(
        sorted(files, key=lambda file: [int(n) for n in re.findall(r"\d+", file.name)][-2:])
    )
