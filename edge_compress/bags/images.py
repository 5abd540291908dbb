"""The frames of a bag's image topics, read as the node reads those of a camera."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from edge_compress.bags.bag import Bag, Record, Topic
from edge_compress.bags.errors import BagError
from edge_compress.vision.pixels import Pixels, read_compressed, read_pixels

RAW = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"


@dataclass(frozen=True)
class BagImage:
    """One frame.

    Attributes:
        topic: its name.
        time_ns: when it was recorded.
        stamp_ns: of its header.
        frame_id: of its header.
        message: a sensor_msgs/Image or CompressedImage.
        compressed: which of the two.
    """

    topic: str
    time_ns: int
    stamp_ns: int
    frame_id: str
    message: Any
    compressed: bool

    def pixels(self) -> Pixels:
        """Return the frame, which is converted as far as it is asked for.

        Raises:
            EncodingError: the message does not fit together.
        """
        message = self.message
        if self.compressed:
            return read_compressed(message.data)
        return read_pixels(
            message.data,
            message.height,
            message.width,
            message.step,
            message.encoding,
            bool(message.is_bigendian),
        )


def image_topics(bag: Bag) -> list[Topic]:
    """Return the topics with images, raw and compressed, that are not empty."""
    return [
        topic for topic in bag.topics.values() if topic.type in (RAW, COMPRESSED) and topic.count
    ]


def choose_topic(bag: Bag, name: str = "") -> Topic:
    """Return a bag's image topic.

    Args:
        bag: an open bag.
        name: of the topic; empty for the only one.

    Raises:
        BagError: no such topic, it has no images, or there are several to choose from; the message
            lists those that there are.
    """
    if name:
        topic = bag.require(name)
        if topic.type not in (RAW, COMPRESSED):
            raise BagError(
                f"{bag.path}: {topic.name} is {topic.type}, not {RAW} or {COMPRESSED}; "
                f"{bag.listed()}"
            )
        if not topic.count:
            raise BagError(f"{bag.path}: {topic.name} has no message; {bag.listed()}")
        return topic
    found = image_topics(bag)
    if not found:
        raise BagError(f"{bag.path}: no topic with images; {bag.listed()}")
    if len(found) > 1:
        names = ", ".join(sorted(f"{t.name} ({t.type}, {t.count})" for t in found))
        raise BagError(f"{bag.path}: several topics have images, choose one as `topic`: {names}")
    return found[0]


def read_images(
    bag: Bag,
    topics: Collection[str],
    *,
    start_ns: int | None = None,
    stop_ns: int | None = None,
) -> Iterator[BagImage]:
    """Yield frames as `Bag.read` does messages.

    Raises:
        BagError: see there.
        BagCutOff: at the end.
    """
    for record in bag.read(topics, start_ns=start_ns, stop_ns=stop_ns):
        yield _image(record, bag.topics[record.topic])


def _image(record: Record, topic: Topic) -> BagImage:
    header = record.message.header
    stamp_ns = header.stamp.sec * 1_000_000_000 + header.stamp.nanosec
    compressed = topic.type == COMPRESSED
    return BagImage(
        record.topic, record.time_ns, stamp_ns, header.frame_id, record.message, compressed
    )
