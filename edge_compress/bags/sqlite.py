"""Reads .db3 files of rosbag2 by their tables, those of a recorder that was killed, too.

The tables are those of rosbag2_storage_sqlite3, schema versions 1 to 4. The reader of rosbags opens
a file as one that nobody changes: it leaves out what waits in a journal, and reads none that is
shorter than it says.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from rosbags.interfaces import MessageDefinition, MessageDefinitionFormat

from edge_compress.bags.errors import BagError
from edge_compress.bags.storage import StoredTopic

_FORMATS = {"ros2msg": MessageDefinitionFormat.MSG, "ros2idl": MessageDefinitionFormat.IDL}
_UNKNOWN = MessageDefinition(MessageDefinitionFormat.NONE, "")
# As it is; with the right to undo what a journal says was not finished; where nothing may be
# written beside the file.
_WAYS = ("mode=ro", "mode=rw", "immutable=1")


class SqliteStorage:
    """A .db3 file, open; see `Storage`."""

    def __init__(self, path: Path, *, finished: bool) -> None:
        """Open the file.

        Args:
            path: of the file.
            finished: metadata.yaml says that its recorder has closed it.

        Raises:
            BagError: it is no such file.
        """
        self.fault = ""
        self._connection, self._whole = _connect(path)
        try:
            self.topics = self._read_topics()
            if not self._whole:
                self.fault = "the file is shorter than it says"
            elif not finished and not self._closed_by_recorder():
                self.fault = "its recorder has not closed it, or metadata.yaml is missing"
        except (sqlite3.Error, yaml.YAMLError) as error:
            self.close()
            raise BagError(f"{path}: cannot be read as a bag of sqlite3: {error}") from error

    def messages(
        self, names: Collection[str], start_ns: int | None, stop_ns: int | None
    ) -> Iterator[tuple[str, int, bytes]]:
        """Yield topic, time in ns and serialized message, as far as they are whole."""
        topics = {number: name for number, name in self._topic_rows() if name in names}
        # The index may be what is missing; rows lie in the order in which they were recorded.
        # A plus keeps SQLite from using an index.
        time, order = ("timestamp", "timestamp") if self._whole else ("+timestamp", "id")
        query = (
            "SELECT topic_id, timestamp, data FROM messages "
            f"WHERE +topic_id IN ({','.join('?' * len(topics))}) "
            f"AND {time} >= ? AND {time} < ? ORDER BY {order}"
        )
        start = -(2**63) if start_ns is None else start_ns
        stop = 2**63 - 1 if stop_ns is None else stop_ns
        try:
            for number, time_ns, data in self._rows(query, *topics, start, stop):
                yield topics[number], time_ns, data
        except sqlite3.DatabaseError as error:
            self.fault = str(error)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _rows(self, query: str, *arguments: int) -> Iterator[Any]:
        with closing(self._connection.execute(query, arguments)) as rows:
            yield from rows

    def _topic_rows(self) -> list[tuple[int, str]]:
        return list(self._rows("SELECT id, name FROM topics ORDER BY id"))

    def _has(self, table: str) -> bool:
        return any(
            name == table
            for (name,) in self._rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        )

    def _read_topics(self) -> list[StoredTopic]:
        definitions = {}
        if self._has("message_definitions"):  # since Iron
            query = (
                "SELECT topic_type, encoding, encoded_message_definition FROM message_definitions"
            )
            definitions = {
                kind: MessageDefinition(_FORMATS[encoding], text)
                for kind, encoding, text in self._rows(query)
                if encoding in _FORMATS
            }
        counts = self._counts()
        return [
            StoredTopic(name, kind, counts[number], definitions.get(kind, _UNKNOWN))
            for number, name, kind in self._rows("SELECT id, name, type FROM topics ORDER BY id")
        ]

    def _counts(self) -> Counter[int]:
        if self._whole:
            return Counter(
                dict(self._rows("SELECT topic_id, count(*) FROM messages GROUP BY topic_id"))
            )
        counts: Counter[int] = Counter()
        try:
            for (number,) in self._rows("SELECT topic_id FROM messages ORDER BY id"):
                counts[number] += 1
        except sqlite3.DatabaseError as error:  # as far as it goes
            self.fault = str(error)
        return counts

    def _closed_by_recorder(self) -> bool:
        """Whether the file itself says how many messages there are, as one of Iron or later does.

        Its recorder writes what it knows of the bag on opening, when that is 0, and on closing.
        """
        if not self._has("metadata"):
            return False
        row = next(self._rows("SELECT metadata FROM metadata ORDER BY id DESC LIMIT 1"), None)
        said = yaml.safe_load(row[0]) if row else None
        count = said.get("message_count", 0) if isinstance(said, dict) else 0
        return bool(count) or not any(topic.count for topic in self.topics)


def _connect(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Open a file for reading, and say whether it is as long as it says.

    Raises:
        BagError: it cannot be opened, or is no database.
    """
    why = ""
    for way in _WAYS:
        # It is read in another thread than it is opened in, one after the other.
        uri = f"file:{quote(str(path.absolute()))}?{way}"
        try:
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            why = str(error)
            continue
        try:
            if _tables(connection):
                return connection, True
            why = "it has no tables of rosbag2"
        except sqlite3.OperationalError as error:
            why = str(error)
        except sqlite3.DatabaseError as error:
            why = str(error)
            if _tables_of_damaged(connection):
                return connection, False
        connection.close()
    raise BagError(f"{path}: cannot be read as a bag of sqlite3: {why}")


def _tables(connection: sqlite3.Connection) -> bool:
    query = "SELECT count(*) FROM sqlite_master WHERE name IN ('topics', 'messages')"
    return bool(connection.execute(query).fetchone()[0] == 2)


def _tables_of_damaged(connection: sqlite3.Connection) -> bool:
    """Read a file that is shorter than it says, which SQLite does only when it is told to."""
    try:
        connection.execute("PRAGMA writable_schema = ON")
        return _tables(connection)
    except sqlite3.DatabaseError:
        return False
