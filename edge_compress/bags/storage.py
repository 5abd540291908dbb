"""What each kind of file that a bag consists of gives."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from rosbags.interfaces import MessageDefinition


@dataclass(frozen=True)
class StoredTopic:
    """A topic of one file.

    Attributes:
        name: such as ``/camera/image_raw``.
        type: such as ``sensor_msgs/msg/Image``.
        count: of its messages in this file.
        definition: of the type, as far as the file holds it.
    """

    name: str
    type: str
    count: int
    definition: MessageDefinition


class Storage(Protocol):
    """One file of a bag, open.

    Attributes:
        topics: all that have been recorded.
        fault: why not all is there that was recorded; empty when it is. It may come while messages
            are read.
    """

    topics: list[StoredTopic]
    fault: str

    def messages(
        self, names: Collection[str], start_ns: int | None, stop_ns: int | None
    ) -> Iterator[tuple[str, int, bytes]]:
        """Yield topic, time in ns and serialized message, as far as they are whole.

        Args:
            names: of the topics.
            start_ns: the first time, if not the beginning.
            stop_ns: the time before which to stop, if not the end.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...
