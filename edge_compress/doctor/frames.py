"""What a camera's frames say of their way."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_compress.doctor.finding import Finding, Level
from edge_compress.doctor.sizes import show

# Clocks of two machines that chrony or PTP keeps are closer than this.
_CLOCK_SLACK_MS = 5.0
_OLD_MS = 1000.0
_MOST_LOST = 0.5
_LONG_GAP = 3.0  # periods

_CLOCKS = "keep both clocks by chrony or PTP: see `clock`"


@dataclass(frozen=True)
class Heard:
    """What came while the topic was listened to.

    Attributes:
        seconds: how long that was.
        arrived_ns: when each frame came, nanoseconds of this machine's clock.
        stamps_ns: the frames' own stamps.
        frame: such as ``640x480 bgr8``.
        frame_bytes: of the largest message.
        frame_id: of the last one.
        missing: frames that the publishers' numbers leave out; None where frames have no numbers.
        told_lost: frames that the middleware says it lost.
        unreadable: why the detector could not read such a frame; empty when it can.
        sim_time: the clock of a simulation is published, so stamps may not be of this one.
    """

    seconds: float
    arrived_ns: Sequence[int]
    stamps_ns: Sequence[int]
    frame: str
    frame_bytes: int
    frame_id: str
    missing: int | None
    told_lost: int
    unreadable: str
    sim_time: bool


def judge(heard: Heard, transport_remedy: str) -> list[Finding]:
    """Judge the frames.

    Args:
        heard: what came.
        transport_remedy: what helps when the middleware loses frames.
    """
    if not heard.arrived_ns:
        found = f"none in {heard.seconds:g} s, though there is a publisher"
        remedy = f"if it does publish, its frames are lost on the way: {transport_remedy}"
        return [Finding("frames", "ERROR", found, remedy)]
    return [*_frames(heard), _lost(heard, transport_remedy), *_stamps(heard)]


def _frames(heard: Heard) -> Iterator[Finding]:
    yield Finding("frames", "OK", f"{heard.frame}, {show(heard.frame_bytes)} each")
    if heard.unreadable:
        remedy = "set another encoding in the camera's driver"
        yield Finding("encoding", "ERROR", heard.unreadable, remedy)
    if not heard.frame_id:
        found = "empty: nobody can tell where the camera is"
        yield Finding("frame_id", "WARN", found, "set the frame_id in the camera's driver")
    gaps_s = [
        (after - before) / 1e9
        for before, after in zip(heard.arrived_ns, heard.arrived_ns[1:], strict=False)
    ]
    if not gaps_s:
        found = f"one frame in {heard.seconds:g} s"
        yield Finding("rate", "WARN", found, "listen for longer: --seconds")
        return
    period = statistics.median(gaps_s)
    rate = len(gaps_s) / sum(gaps_s) if sum(gaps_s) > 0 else 0.0
    found = f"{rate:.1f} per second, longest gap {max(gaps_s) * 1000:.0f} ms"
    if max(gaps_s) > _LONG_GAP * period:
        remedy = "the camera or the way from it is held up: look at loss, CPU load and exposure"
        yield Finding("rate", "WARN", f"{found}, of {period * 1000:.0f} ms usually", remedy)
    else:
        yield Finding("rate", "OK", found)


def _lost(heard: Heard, remedy: str) -> Finding:
    lost = max(heard.missing or 0, heard.told_lost)
    share = lost / (lost + len(heard.arrived_ns))
    if not lost:
        unknown = "; frames are not numbered before ROS 2 Kilted, so some may be"
        return Finding("loss", "OK", "none" if heard.missing is not None else f"none told{unknown}")
    level: Level = "ERROR" if share > _MOST_LOST else "WARN"
    found = f"{lost} of {lost + len(heard.arrived_ns)} frames ({share:.0%})"
    return Finding("loss", level, found, remedy)


def _stamps(heard: Heard) -> Iterator[Finding]:
    what = "stamps"
    if not any(heard.stamps_ns):
        remedy = "have the camera's driver stamp its frames"
        yield Finding(what, "WARN", "frames carry none, so they have no age", remedy)
        return
    back = sum(
        after < before for before, after in zip(heard.stamps_ns, heard.stamps_ns[1:], strict=False)
    )
    if back:
        remedy = "one camera a topic; a simulation or bag that begins again does this, too"
        yield Finding(what, "WARN", f"went back {back} times", remedy)
    if heard.sim_time:
        yield Finding(what, "OK", "of a simulation's clock: set use_sim_time:=true")
        return
    ages_ms = [
        (arrived - stamp) / 1e6
        for arrived, stamp in zip(heard.arrived_ns, heard.stamps_ns, strict=True)
    ]
    age = statistics.median(ages_ms)
    if age < -_CLOCK_SLACK_MS:
        found = f"{-age:.0f} ms in the future: the clocks of camera and this machine differ"
        yield Finding(what, "WARN", found, _CLOCKS)
    elif age > _OLD_MS:
        found = f"{age / 1000:.1f} s old on arrival: a queue on the way, or clocks that differ"
        yield Finding(what, "WARN", found, f"a queue of depth 1 in each node; {_CLOCKS}")
    elif not back:
        found = f"{age:.1f} ms old on arrival (median), {max(ages_ms):.1f} at most"
        yield Finding(what, "OK", found)
