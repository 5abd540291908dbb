"""Scores what was recorded."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator

from edge_compress.bags.bag import Bag, Record
from edge_compress.bags.errors import BagCutOff, BagError
from edge_compress.scoring.detector_says import detector_values
from edge_compress.scoring.errors import check_topics
from edge_compress.scoring.evaluator import Evaluator

_ARRAY = "vision_msgs/msg/Detection2DArray"
_LABELS = "vision_msgs/msg/LabelInfo"
_DIAGNOSTICS = "diagnostic_msgs/msg/DiagnosticArray"
_SETTLE_S = 1.0


class Recording:
    """Ground truth and detections of one bag, or each of its own bag.

    Attributes:
        troubles: what keeps it from being whole; known when all has been read.
        count: how many messages there are to read, as the bags say.
    """

    def __init__(self, bag: Bag, truth_bag: Bag | None, detections: str, ground_truth: str) -> None:
        """Find the topics.

        Args:
            bag: with the detections.
            truth_bag: with ground truth; None when that is in the same bag.
            detections: topic.
            ground_truth: topic.

        Raises:
            BagError: a topic is not there, or of another type.
            ScoringError: it is one topic of one bag.
        """
        self.troubles: list[str] = []
        self._bag, self._truth_bag = bag, truth_bag
        self._detections = _topic(bag, detections)
        self._ground_truth = _topic(truth_bag or bag, ground_truth)
        if truth_bag is None or truth_bag.path == bag.path:
            check_topics(self._detections, self._ground_truth)
        self._others = {
            topic.name: topic.type
            for topic in bag.topics.values()
            if topic.type == _DIAGNOSTICS
            or (topic.type == _LABELS and _beside(topic.name, self._detections))
        }
        self.count = (truth_bag or bag).topics[self._ground_truth].count
        self.count += sum(bag.topics[name].count for name in (self._detections, *self._others))

    @property
    def source(self) -> dict[str, str]:
        """Where it comes from."""
        bags = {"bag": str(self._bag.path)}
        if self._truth_bag is not None:
            bags["truth_bag"] = str(self._truth_bag.path)
        return {"detections": self._detections, "ground_truth": self._ground_truth, **bags}

    def feed(self, evaluator: Evaluator) -> Iterator[None]:
        """Give all to an evaluator; yields after each message of the two topics.

        What one bag holds comes in the order in which it was recorded. Two bags were recorded at
        different times, so by their stamps they are put side by side.

        Raises:
            BagError: a message cannot be read.
        """
        arrived_s = settled_s = 0.0
        for came_ns, side, record in self._messages():
            arrived_s = max(arrived_s, came_ns / 1e9)
            if side == "truth":
                evaluator.add_truth(record.message, arrived_s)
            elif side == "found":
                evaluator.add_found(record.message, arrived_s, record.time_ns)
            elif self._others[record.topic] == _LABELS:
                evaluator.know_classes(one.class_name for one in record.message.class_map)
            else:
                values = detector_values(record.message, self._is_detector, self._detections)
                evaluator.latencies.detector.update(values)
            if arrived_s >= settled_s + _SETTLE_S:
                evaluator.settle(arrived_s)
                settled_s = arrived_s
            yield
        evaluator.finish(arrived_s)

    def _messages(self) -> Iterator[tuple[int, str, Record]]:
        """Yield when each message came, which side it is of, and the message."""
        topics = [self._detections, *self._others]
        if self._truth_bag is None:
            for record in self._whole(self._bag, [self._ground_truth, *topics]):
                yield record.time_ns, self._side(record.topic), record
            return
        sides = (
            (("truth", one) for one in self._whole(self._truth_bag, [self._ground_truth])),
            ((self._side(one.topic), one) for one in self._whole(self._bag, topics)),
        )
        yield from heapq.merge(*map(_by_stamp, sides), key=lambda message: message[0])

    def _side(self, topic: str) -> str:
        if topic == self._detections:
            return "found"
        return "other" if topic in self._others else "truth"

    def _is_detector(self, node: str, topics: Collection[str]) -> bool:
        return self._detections in topics or _beside(f"/{node}", self._detections)

    def _whole(self, bag: Bag, topics: list[str]) -> Iterator[Record]:
        """Yield what is whole of a bag; that it is cut off is a trouble."""
        try:
            yield from bag.read(topics)
        except BagCutOff as error:
            self.troubles.append(str(error))


def _by_stamp(messages: Iterable[tuple[str, Record]]) -> Iterator[tuple[int, str, Record]]:
    """Let messages come when their stamps say; those that are no detections with the one before."""
    stamp_ns = 0
    for side, record in messages:
        if side != "other":
            stamp = record.message.header.stamp
            stamp_ns = int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)
        yield stamp_ns, side, record


def _topic(bag: Bag, name: str) -> str:
    topic = bag.require(name)
    if topic.type != _ARRAY:
        raise BagError(f"{bag.path}: {topic.name} is {topic.type}, not {_ARRAY}; {bag.listed()}")
    return topic.name


def _beside(name: str, other: str) -> bool:
    """Whether two topics are in one namespace."""
    return name.rpartition("/")[0] == other.rpartition("/")[0]
