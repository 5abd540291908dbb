"""What a robot's day brings: each fault, how it is made, and how diagnostics must tell of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from benchmarks.runtime.bundles import with_white_corner
from benchmarks.runtime.frames import serialize
from benchmarks.runtime.onlooker import Onlooker

CLOCK_BACK_S = 5.0


class Fault(Protocol):
    """One kind of fault. It is begun, watched, and ended before the next one begins.

    Attributes:
        title: for the page.
        frame: to be sent in place of a good one, serialized, until the fault is seen; or None.
    """

    title: str
    frame: bytes | None

    def begin(self) -> None:
        """Make it."""
        ...

    def seen(self) -> bool:
        """Whether diagnostics have told of it since it began."""
        ...

    def end(self) -> None:
        """Take away what `begin` made."""
        ...


class BrokenFrame:
    """Frames that cannot be used: the count of unreadable ones rises, and the last error says why.

    Which of `frames` is sent changes from time to time.
    """

    def __init__(
        self, look: Onlooker, node: str, title: str, frames: Iterator[tuple[bytes, str]]
    ) -> None:
        """Keep what to send, each with a word that the error must have."""
        self.title = title
        self.frame: bytes | None = None
        self._look = look
        self._status = f"{node}: frames"
        self._frames = frames
        self._word = ""
        self._before = 0.0

    def begin(self) -> None:
        """Choose the frame."""
        self.frame, self._word = next(self._frames)
        self._before = self._unreadable()

    def seen(self) -> bool:
        """Look for the error."""
        status = self._look.newest(self._status)
        error = status.values.get("last_error", "") if status is not None else ""
        return self._unreadable() > self._before and self._word in error

    def end(self) -> None:
        """Send good frames again."""
        self.frame = None

    def _unreadable(self) -> float:
        status = self._look.newest(self._status)
        return status.number("dropped_unreadable") if status is not None else 0


class QosMismatch:
    """A second publisher whose frames never arrive, since it offers less than the node asks for."""

    title = "QoS mismatch"
    frame: bytes | None = None

    def __init__(self, look: Onlooker, node: str, topic: str) -> None:
        """Keep where to publish."""
        self._look = look
        self._status = f"{node}: frames"
        self._topic = topic
        self._publisher: Any = None
        self._after = 0

    def begin(self) -> None:
        """Create the publisher."""
        qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        quiet = PublisherEventCallbacks(use_default_callbacks=False)
        self._publisher = self._look.node.create_publisher(
            Image, self._topic, qos, event_callbacks=quiet
        )
        self._after = len(self._look.reports(self._status))

    def seen(self) -> bool:
        """Look for an error that names the policy."""
        status = self._look.newest(self._status)
        # The next report may have been on its way already.
        if status is None or len(self._look.reports(self._status)) < self._after + 2:
            return False
        return status.level == 2 and "RELIABILITY" in status.message

    def end(self) -> None:
        """Destroy it."""
        self._look.node.destroy_publisher(self._publisher)


class Counted:
    """A fault that a counter of one of the node's tasks tells of."""

    frame: bytes | None = None

    def __init__(
        self, look: Onlooker, title: str, status: str, counter: str, make: Callable[[], object]
    ) -> None:
        """Keep what makes the fault, and what must rise."""
        self.title = title
        self._look = look
        self._status = status
        self._counter = counter
        self._make = make
        self._before = 0.0

    def begin(self) -> None:
        """Make it."""
        self._before = self._count()
        self._make()

    def seen(self) -> bool:
        """Look at the counter."""
        return self._count() > self._before

    def end(self) -> None:
        """Nothing is left of it."""

    def _count(self) -> float:
        status = self._look.newest(self._status)
        return status.number(self._counter) if status is not None else 0


def all_faults(
    look: Onlooker,
    node: str,
    topic: str,
    picture: NDArray[np.uint8],
    damaged: Path,
    turn_clock_back: Callable[[], None],
) -> list[Fault]:
    """Make the six kinds.

    Args:
        look: sees diagnostics.
        node: the detector's full name; it runs `breakable_bundle` and asks for reliable input.
        topic: of its images.
        picture: one that is good, [480, 640, 3].
        damaged: a bundle that must be refused.
        turn_clock_back: sets the simulation's clock back.
    """
    whole = serialize(picture)
    bad = (
        (serialize(picture, "rgb7"), "rgb7"),
        (serialize(picture, step=7), "step"),
        (whole[: len(whole) // 2], "cut short"),
    )
    nan = serialize(with_white_corner(picture, right=False))
    breaks = serialize(with_white_corner(picture, right=True))
    return [
        BrokenFrame(look, node, "bad frame", itertools.cycle(bad)),
        BrokenFrame(look, node, "NaN from the model", itertools.repeat((nan, "finite"))),
        BrokenFrame(look, node, "provider error", itertools.repeat((breaks, "failed"))),
        QosMismatch(look, node, topic),
        Counted(look, "clock jumps back", f"{node}: latency", "clock_jumps", turn_clock_back),
        Counted(
            look,
            "swap to a damaged bundle",
            f"{node}: model",
            "bundles_refused",
            lambda: look.set_parameter(node, "bundle", str(damaged)),
        ),
    ]
