"""Reads .mcap files, and compressed bags of both kinds, by rosbags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import cast

from rosbags.interfaces import Connection
from rosbags.interfaces.typing import RPath
from rosbags.rosbag2 import Reader
from rosbags.rosbag2.storage_mcap import McapReader

from edge_compress.bags.errors import BagError
from edge_compress.bags.mcap_end import Mended, whole_bytes
from edge_compress.bags.storage import StoredTopic


class RosbagsStorage:
    """A file, or a compressed bag as a whole, that rosbags reads; see `Storage`."""

    def __init__(self, path: Path) -> None:
        """Open the bag.

        Args:
            path: .mcap file, or folder with metadata.yaml.

        Raises:
            BagError: rosbags cannot read it.
        """
        self.fault = ""
        try:
            self._reader = _opened(path)
        except Exception as error:
            whole = whole_bytes(path) if path.is_file() else 0
            if not whole:
                raise BagError(f"{path}: cannot be read as a bag: {_told(error)}") from error
            self._reader = _open_mended(path, whole)
            self.fault = "its end is missing"
        self.topics = _topics(self._reader.connections)

    def messages(
        self, names: Collection[str], start_ns: int | None, stop_ns: int | None
    ) -> Iterator[tuple[str, int, bytes]]:
        """Yield topic, time in ns and serialized message, as far as they are whole."""
        wanted = [c for c in self._reader.connections if c.topic in names]
        if not wanted:  # rosbags would read all of them
            return
        storage = self._reader.storage
        read = storage.messages
        if isinstance(storage, McapReader) and not storage.chunks:
            # Without an index rosbags refuses messages that are not in order of time, as those of
            # several topics may not be. They come as they were recorded.
            read = storage.messages_scan
        try:
            for connection, time_ns, data in read(wanted, start_ns, stop_ns):
                yield connection.topic, time_ns, data
        except Exception as error:  # noqa: BLE001 - whatever damaged bytes make of the parsers
            self.fault = _told(error)

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


def _opened(path: RPath) -> Reader:
    reader = Reader(path)
    reader.open()
    return reader


def _open_mended(path: Path, whole: int) -> Reader:
    try:
        return _opened(cast(RPath, Mended(path, whole)))
    except Exception as error:
        raise BagError(f"{path}: cannot be read as a bag: {_told(error)}") from error


def _topics(connections: Collection[Connection]) -> list[StoredTopic]:
    counts: Counter[str] = Counter()
    for connection in connections:
        counts[connection.topic] += connection.msgcount
    # A topic has a channel for each of its publishers in some recorders' files.
    by_name = {connection.topic: connection for connection in connections}
    return [
        StoredTopic(name, connection.msgtype, counts[name], connection.msgdef)
        for name, connection in by_name.items()
    ]


def _told(error: Exception) -> str:
    text = str(error).rstrip(".")
    return text if text and not isinstance(error, KeyError) else f"{type(error).__name__} {text}"
