"""Writes a rosbag2 bag: all of it, or nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer, WriterError

from edge_compress.bags.errors import BagError
from edge_compress.bags.path import SUFFIXES
from edge_compress.bags.types import our_types

StorageName = Literal["mcap", "sqlite3"]
STORAGES: tuple[StorageName, ...] = ("mcap", "sqlite3")
_PLUGINS = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}
_ALONE: dict[str, StorageName] = {".mcap": "mcap", ".db3": "sqlite3"}
# Humble to Jazzy read version 8, and later ones do, too; 9 is of Kilted.
_VERSION: Literal[8] = 8
_NO_TIME = QosTime(0, 0)


def check_output(path: Path) -> None:
    """See that a bag may be written there, before the long work that ends in one.

    Raises:
        BagError: something is there already, or there is no such folder.
    """
    if os.path.lexists(path):
        raise BagError(f"{path}: exists already; choose another name or remove it")
    if not path.parent.is_dir():
        raise BagError(f"{path.parent}: no such folder")


class BagWriter:
    """Writes beside the target and renames when all is on the disk; a context manager.

    Leaving it by an exception leaves nothing behind.

    Attributes:
        path: of the bag.
        types: the message classes to write: ``types["std_msgs/msg/Header"]`` and so on.
    """

    def __init__(self, path: Path, storage: StorageName = "mcap") -> None:
        """Get ready to write.

        Args:
            path: a folder as `ros2 bag` makes it; or one file alone, when it ends in .mcap or .db3.
            storage: of a folder; a file's suffix says it.

        Raises:
            BagError: something is there already, or nothing can be written there.
        """
        self.path = path
        self._store = our_types()
        self.types: dict[str, Any] = dict(self._store.types)
        self._connections: dict[str, Connection] = {}
        storage = _ALONE.get(path.suffix, storage)
        check_output(path)
        if storage == "sqlite3" and set("#?%") & set(str(path.absolute())):
            raise BagError(f"{path}: a bag of sqlite3 cannot have #, ? or % in its path; use mcap")
        with self._explained():
            self._temporary = Path(tempfile.mkdtemp(prefix=f".{path.stem}-", dir=path.parent))
            try:
                self._writer = Writer(
                    self._temporary / path.stem,
                    version=_VERSION,
                    storage_plugin=_PLUGINS[storage],
                )
                self._writer.open()
            except BaseException:  # Ctrl-C, too
                shutil.rmtree(self._temporary, ignore_errors=True)
                raise

    def add(self, topic: str, kind: str, *, latched: bool = False) -> None:
        """Add a topic.

        Args:
            topic: its name.
            kind: such as ``vision_msgs/msg/Detection2DArray``.
            latched: who subscribes later gets the last message, when the bag is played.
        """
        with self._explained():
            self._connections[topic] = self._writer.add_connection(
                topic, kind, typestore=self._store, offered_qos_profiles=[_qos(latched)]
            )

    def write(self, topic: str, time_ns: int, message: Any) -> None:
        """Write a message.

        Args:
            topic: that has been added.
            time_ns: to be recorded as.
            message: with the fields of the topic's type.

        Raises:
            BagError: it cannot be written, as when the disk is full.
        """
        self.write_serialized(topic, time_ns, self.serialize(topic, message))

    def serialize(self, topic: str, message: Any) -> memoryview:
        """Return a topic's message as bytes; in any thread, for writing is left to one alone."""
        return self._store.serialize_cdr(message, self._connections[topic].msgtype)

    def write_serialized(self, topic: str, time_ns: int, data: memoryview) -> None:
        """Write what `serialize` made of a message.

        Raises:
            BagError: see `write`.
        """
        with self._explained():
            self._writer.write(self._connections[topic], time_ns, data)

    def __enter__(self) -> BagWriter:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the bag appear under its name, or remove what there is of it."""
        try:
            if error is not None:
                self._writer.abort()
                return
            with self._explained():
                self._writer.close()
                check_output(self.path)
                written = self._temporary / self.path.stem
                if self.path.suffix in SUFFIXES:
                    written = written / (self.path.stem + self.path.suffix)
                written.rename(self.path)
        finally:
            shutil.rmtree(self._temporary, ignore_errors=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error, WriterError) as error:
            raise BagError(f"{self.path}: cannot be written: {error}") from error


def _qos(latched: bool) -> Qos:
    durability = QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE
    return Qos(
        QosHistory.KEEP_LAST,
        1 if latched else 10,
        QosReliability.RELIABLE,
        durability,
        _NO_TIME,
        _NO_TIME,
        QosLiveliness.AUTOMATIC,
        _NO_TIME,
        False,
    )
