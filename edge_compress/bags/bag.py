"""A rosbag2 bag that is read as a stream."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from edge_compress.bags.errors import BagCutOff, BagError, readable
from edge_compress.bags.mcap import RosbagsStorage
from edge_compress.bags.path import find_files
from edge_compress.bags.sqlite import SqliteStorage
from edge_compress.bags.storage import Storage, StoredTopic
from edge_compress.bags.types import types_of


@dataclass(frozen=True)
class Topic:
    """A topic of a bag.

    Attributes:
        name: such as ``/camera/image_raw``.
        type: such as ``sensor_msgs/msg/Image``.
        count: of its messages.
    """

    name: str
    type: str
    count: int


@dataclass(frozen=True)
class Record:
    """One message.

    Attributes:
        topic: its name.
        time_ns: when it was recorded, in nanoseconds; not the stamp in its header.
        message: with the fields of its type, as the bag defines them; arrays of numbers are numpy's
            and not to be written to.
    """

    topic: str
    time_ns: int
    message: Any


class Bag:
    """A folder of rosbag2, or a .mcap or .db3 file alone, open for reading; a context manager.

    Attributes:
        path: as it was given.
        topics: by their names.
    """

    def __init__(self, path: Path, storages: list[Storage], lost: str = "") -> None:
        """Put a bag together; see `open`."""
        self.path = path
        self._storages = storages
        self._lost = lost
        self._stored = _merged(storages)
        self.topics: Mapping[str, Topic] = {
            name: Topic(name, parts[0].type, sum(part.count for part in parts))
            for name, parts in self._stored.items()
        }

    @classmethod
    def open(cls, path: Path | str) -> Bag:
        """Open a bag.

        One that is cut off opens, too, if anything of it is whole.

        Raises:
            BagError: there is no bag, it cannot be read, or nothing of it is whole.
        """
        path = Path(path)
        with readable(path), ExitStack() as opened:
            files = find_files(path)
            storages: list[Storage] = []
            lost: BagError | None = None
            for file in (path,) if files.compressed else files.files:
                try:
                    storage = _open(file, finished=files.finished)
                except BagError as error:
                    lost = error
                    continue
                opened.callback(storage.close)
                storages.append(storage)
            if lost and not storages:
                raise lost
            bag = cls(path, storages, str(lost or ""))
            opened.pop_all()  # from here on `close` does it
        return bag

    @property
    def cut_off(self) -> str:
        """Why the bag does not hold all that was recorded, as far as is known yet; else empty."""
        faults = [storage.fault for storage in self._storages if storage.fault]
        return self._lost or next(iter(faults), "")

    def require(self, name: str) -> Topic:
        """Return a topic.

        Raises:
            BagError: it is not in the bag; the message lists those that are.
        """
        found = self.topics.get(name) or self.topics.get(f"/{name}")
        if found is None:
            raise BagError(f"{self.path}: no topic {name}; {self.listed()}")
        return found

    def listed(self) -> str:
        """Return the topics in words, each with its type and how many messages it has."""
        if not self.topics:
            return "it has no topics at all"
        told = [f"{topic.name} ({topic.type}, {topic.count})" for topic in self.topics.values()]
        return f"it has {', '.join(sorted(told))}"

    def read(
        self,
        topics: Collection[str] | None = None,
        *,
        start_ns: int | None = None,
        stop_ns: int | None = None,
    ) -> Iterator[Record]:
        """Yield messages in order of time; of a bag that is cut off, as they were recorded.

        Not more is in memory than one message, and one chunk of a .mcap file.

        Args:
            topics: their names; None for all of them.
            start_ns: recorded then or later.
            stop_ns: recorded before.

        Raises:
            BagError: no such topic, or a message does not fit its type.
            BagCutOff: at the end, when all that is whole has been read but more was recorded.
        """
        names = list(self.topics) if topics is None else [self.require(n).name for n in topics]
        store = types_of(part for name in names for part in self._stored[name])
        for name in names:
            if self.topics[name].type not in store.fielddefs:
                raise BagError(
                    f"{self.path}: {name} is {self.topics[name].type}, which neither the bag nor "
                    "ROS itself defines; read its other topics"
                )
        for name, time_ns, data in self._raw(names, start_ns, stop_ns):
            kind = self.topics[name].type
            try:
                # Of bytes, the store would copy all but the first four.
                message = store.deserialize_cdr(memoryview(data), kind)
            except Exception as error:
                raise BagError(
                    f"{self.path}: the message of {name} at {time_ns} ns does not read as {kind}: "
                    f"{type(error).__name__} {error}"
                ) from error
            yield Record(name, time_ns, message)

    def close(self) -> None:
        """Close the files."""
        for storage in self._storages:
            storage.close()

    def __enter__(self) -> Bag:
        """Return the bag."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _raw(
        self, names: Collection[str], start_ns: int | None, stop_ns: int | None
    ) -> Iterator[tuple[str, int, bytes]]:
        count = 0
        for storage in self._storages:
            for found in storage.messages(names, start_ns, stop_ns):
                count += 1
                yield found
        if self.cut_off:
            raise BagCutOff(
                f"{self.path}: the bag is cut off ({self.cut_off}); the {count} messages of "
                f"{', '.join(names)} that are whole were read"
            )


def _open(file: Path, *, finished: bool) -> Storage:
    if file.is_file():
        with file.open("rb"):  # says why when it may not be read, which SQLite does not
            pass
    if file.suffix == ".db3":
        return SqliteStorage(file, finished=finished)
    return RosbagsStorage(file)


def _merged(storages: list[Storage]) -> dict[str, list[StoredTopic]]:
    """Each topic in every file that has it.

    Raises:
        BagError: a topic's type changes within the bag.
    """
    merged: dict[str, list[StoredTopic]] = {}
    for storage in storages:
        for topic in storage.topics:
            parts = merged.setdefault(topic.name, [])
            if parts and parts[0].type != topic.type:
                raise BagError(
                    f"{topic.name} is recorded as {parts[0].type} and as {topic.type}; split the "
                    "bag by `ros2 bag convert`"
                )
            parts.append(topic)
    return merged
