"""The frames of a bag's image topic as footage."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_compress.bags.bag import Bag
from edge_compress.bags.errors import BagCutOff
from edge_compress.bags.images import BagImage, choose_topic, read_images
from edge_compress.compress.footage_source import FootageError, FrameSource, Unreadable
from edge_compress.vision.encodings import EncodingError


class BagFrames(FrameSource):
    """Frames numbered from 0 in the order in which they were recorded.

    Attributes:
        topic: that they are of.
    """

    def __init__(self, path: Path, topic: str = "") -> None:
        """Open the bag.

        Args:
            path: folder or file.
            topic: with images; empty for the only one.

        Raises:
            BagError: it cannot be read, or there is no such topic.
        """
        self._bag = Bag.open(path)
        found = choose_topic(self._bag, topic)
        self.topic = found.name
        self._count = found.count
        if self._bag.cut_off:
            self.note = (
                f"{path}: the bag is cut off ({self._bag.cut_off}); it has {self._count} frames"
            )
        self._images: Iterator[BagImage]
        self._last: BagImage
        self._next: int
        self._times: list[int] = []  # of the frames that have been passed
        self._sorted = True
        self._seek(0)

    def __len__(self) -> int:
        return self._count

    def read(self, index: int) -> NDArray[np.uint8]:
        """Decode one frame; those before it are passed over.

        Raises:
            Unreadable: when it is damaged, or the bag ends before it.
        """
        if index < self._next:
            self._seek(index)
        try:
            while self._next <= index:
                self._pass(next(self._images))
            return self._last.pixels().bgr()
        except (EncodingError, BagCutOff) as error:
            raise Unreadable(f"{self.label(index)} ({error})") from error
        except StopIteration:
            if self._bag.cut_off:
                raise Unreadable(f"{self.label(index)} (after the bag's end)") from None
            raise FootageError(
                f"{self._bag.path}: {self.topic} has {self._next} frames and not {self._count} as "
                "the bag says; make its metadata anew with `ros2 bag reindex`"
            ) from None

    def _pass(self, image: BagImage) -> None:
        if self._next == len(self._times):
            self._sorted = self._sorted and image.time_ns >= (self._times or [image.time_ns])[-1]
            self._times.append(image.time_ns)
        self._last = image
        self._next += 1

    def _seek(self, index: int) -> None:
        """Begin with the first frame of that one's time; out of order, with the very first."""
        start_ns = None
        self._next = 0
        if index and self._sorted:
            start_ns = self._times[index]
            self._next = bisect_left(self._times, start_ns)
        self._images = read_images(self._bag, [self.topic], start_ns=start_ns)
