"""Which detections message belongs to which ground truth message, by their stamps."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge_compress.scoring.frame import Frame

# Two messages whose stamps differ a little wait that long for one that would fit better.
_SETTLE_S = 0.25


@dataclass(frozen=True)
class Arrived:
    """A frame, and when it came, in seconds of a clock that does not go back."""

    frame: Frame
    at_s: float

    @property
    def stamp_ns(self) -> int:
        """Of the frame."""
        return self.frame.stamp_ns


@dataclass
class Settled:
    """What has been decided.

    Attributes:
        pairs: ground truth and the detections of the same image.
        unanswered: ground truth whose detections did not come in time.
        unasked: detections of an image that has no ground truth.
    """

    pairs: list[tuple[Arrived, Arrived]] = field(default_factory=list)
    unanswered: list[Arrived] = field(default_factory=list)
    unasked: list[Arrived] = field(default_factory=list)


class Pairing:
    """Pairs messages whose stamps are the same, or nearly so; each is used once.

    They may come in any order, and it is by arrival that they are waited for, so a simulation that
    begins again at zero, or runs slowly, is nothing special. Of several with one stamp the one
    that came last is taken.
    """

    def __init__(self, tolerance_s: float, wait_s: float) -> None:
        """Begin with nothing.

        Args:
            tolerance_s: how far the stamps of a pair may be apart, seconds.
            wait_s: how long a message waits for its counterpart, in seconds of arrival.
        """
        self._tolerance_ns = round(tolerance_s * 1e9)
        self._wait_s = wait_s
        self._truth: list[Arrived] = []  # both by stamp
        self._found: list[Arrived] = []
        self._settled = Settled()

    @property
    def truth_waiting(self) -> int:
        """How many ground truth messages wait for their detections."""
        return len(self._truth)

    def add_truth(self, arrived: Arrived) -> None:
        """Take a ground truth message."""
        same = _take_same(self._found, arrived.stamp_ns)
        if same is not None:
            self._settled.pairs.append((arrived, same))
        else:
            insort(self._truth, arrived, key=_stamp)

    def add_found(self, arrived: Arrived) -> None:
        """Take a detections message."""
        same = _take_same(self._truth, arrived.stamp_ns)
        if same is not None:
            self._settled.pairs.append((same, arrived))
        else:
            insort(self._found, arrived, key=_stamp)

    def settle(self, now_s: float) -> Settled:
        """Return what has been decided since the last call.

        Args:
            now_s: on the clock of arrival.
        """
        return self._settle(now_s - _SETTLE_S, now_s - self._wait_s)

    def finish(self) -> Settled:
        """Decide all that is left, and return it as `settle` does."""
        return self._settle(float("inf"), float("inf"))

    def _settle(self, near_before_s: float, all_before_s: float) -> Settled:
        self._pair_near(near_before_s)
        settled, self._settled = self._settled, Settled()
        settled.unanswered = [one for one in self._truth if one.at_s <= all_before_s]
        settled.unasked = [one for one in self._found if one.at_s <= all_before_s]
        self._truth = [one for one in self._truth if one.at_s > all_before_s]
        self._found = [one for one in self._found if one.at_s > all_before_s]
        return settled

    def _pair_near(self, before_s: float) -> None:
        """Pair what is near enough, nearest first, as far as both have come by then."""
        # A pair that is too new to be decided still keeps its messages from worse ones.
        used: set[int] = set()
        for truth, found in sorted(self._near(), key=_nearest_and_latest):
            if id(truth) in used or id(found) in used:
                continue
            used |= {id(truth), id(found)}
            if max(truth.at_s, found.at_s) <= before_s:
                self._settled.pairs.append((truth, found))
        paired = {id(one) for pair in self._settled.pairs for one in pair}
        self._truth = [one for one in self._truth if id(one) not in paired]
        self._found = [one for one in self._found if id(one) not in paired]

    def _near(self) -> Iterator[tuple[Arrived, Arrived]]:
        for truth in self._truth:
            low = bisect_left(self._found, truth.stamp_ns - self._tolerance_ns, key=_stamp)
            high = bisect_right(self._found, truth.stamp_ns + self._tolerance_ns, key=_stamp)
            yield from ((truth, found) for found in self._found[low:high])


def _take_same(waiting: list[Arrived], stamp_ns: int) -> Arrived | None:
    """Take out the one of this very stamp that came last."""
    place = bisect_right(waiting, stamp_ns, key=_stamp) - 1
    if place < 0 or waiting[place].stamp_ns != stamp_ns:
        return None
    return waiting.pop(place)


def _stamp(arrived: Arrived) -> int:
    return arrived.stamp_ns


def _nearest_and_latest(pair: tuple[Arrived, Arrived]) -> tuple[int, float]:
    truth, found = pair
    return abs(truth.stamp_ns - found.stamp_ns), -max(truth.at_s, found.at_s)
