"""What `edge_compress detect` writes into a bag: the topics of a node beside each camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.bags.bag import Topic
from edge_compress.bags.errors import BagError
from edge_compress.bags.images import BagImage
from edge_compress.bags.results import CLASSIFICATION, DETECTIONS, LABEL_INFO, ResultMessages
from edge_compress.bags.writer import BagWriter
from edge_compress.inference.detector import Detector
from edge_compress.vision.letterbox import Geometry


@dataclass(frozen=True)
class ReadyFrame:
    """A frame that the network can look at."""

    image: BagImage
    tensor: NDArray[np.float32]
    geometry: Geometry


@dataclass(frozen=True)
class SeenFrame:
    """What is to be written of a frame."""

    image: BagImage
    message: memoryview
    count: int


class BagResults:
    """The topics that are written, each in the namespace of its images."""

    def __init__(self, topics: Sequence[Topic], detector: Detector, writer: BagWriter) -> None:
        """Add the topics to the bag.

        Args:
            topics: with the images.
            detector: that looks at them.
            writer: of the bag.

        Raises:
            BagError: two of them would have their results in one topic.
        """
        self._detector = detector
        self._writer = writer
        self._messages = ResultMessages(writer.types)
        self._classifier = detector.head.kind == "classifier"
        self._namespaces: dict[str, str] = {}
        self._labelled: set[str] = set()
        name, kind = (
            ("classification", CLASSIFICATION) if self._classifier else ("detections", DETECTIONS)
        )
        self._name = name
        for topic in topics:
            namespace = topic.name.removesuffix("/compressed").rpartition("/")[0]
            if namespace in self._namespaces.values():
                raise BagError(
                    f"{namespace}/{name} would hold the results of several topics; give one "
                    f"`--topic` of {namespace}"
                )
            self._namespaces[topic.name] = namespace
            writer.add(f"{namespace}/{name}", kind)
            writer.add(f"{namespace}/label_info", LABEL_INFO, latched=True)

    def see(self, ready: ReadyFrame, outputs: Sequence[NDArray[Any]]) -> SeenFrame:
        """Read the model's outputs; in any thread."""
        seen = self._detector.postprocess(outputs, ready.geometry)
        build = self._messages.classification if self._classifier else self._messages.detections
        message = build(seen, ready.image.message.header)
        topic = self._topic(ready.image)
        return SeenFrame(ready.image, self._writer.serialize(topic, message), len(seen))

    def write(self, seen: SeenFrame) -> None:
        """Write it; the labels before the first of a topic."""
        image, namespace = seen.image, self._namespaces[seen.image.topic]
        if namespace not in self._labelled:
            self._labelled.add(namespace)
            labels = self._messages.label_info(
                self._detector.labels, self._detector.thresholds.confidence, image.stamp_ns
            )
            self._writer.write(f"{namespace}/label_info", image.time_ns, labels)
        self._writer.write_serialized(self._topic(image), image.time_ns, seen.message)

    def _topic(self, image: BagImage) -> str:
        return f"{self._namespaces[image.topic]}/{self._name}"
