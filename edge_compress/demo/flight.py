"""Camera and detector as two processes over DDS, watched until the video has ended."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import Field
from rich.console import Console
from rich.live import Live

from edge_compress.bundle.schema import StrictModel
from edge_compress.demo.live import live_table
from edge_compress.nodes.monitor import Monitor
from edge_compress.operators.status import Status
from edge_compress.telemetry.frames import DROP_CAUSES
from edge_compress.testing.processes import NodeError, NodeProcess
from edge_compress.testing.watching import wait_until_active, watching

RATE_HZ = 15.0
SETTLE_S = 10.0  # at most, until the last frame is accounted for
WINDOW_S = 600.0  # longer than the video: the percentiles are those of the whole run
PLAIN_REPORT_S = 10.0
_DROPPED = tuple(f"dropped_{cause}" for cause in DROP_CAUSES)


class Percentiles(StrictModel):
    """Of all frames, in milliseconds."""

    p50: float
    p90: float
    p99: float


class Flight(StrictModel):
    """What the nodes said at the end."""

    frames_published: int
    frames_received: int
    frames_processed: int
    frames_dropped: int = Field(description="of whatever cause")
    detections: int
    stamp_to_publish_ms: Percentiles
    inference_ms: Percentiles
    power_w: float | None = Field(description="mean; null where it cannot be read")


def fly(bundle: Path, video: Path, logs: Path, console: Console) -> Flight:
    """Play the whole video to the detector.

    Raises:
        NodeError: a node ended early, or says nothing for a minute.
    """
    with watching() as monitor:
        settings = {"bundle": bundle, "threads": 1, "window_s": WINDOW_S}
        with NodeProcess("detector", logs / "detector.log", settings) as detector:
            wait_until_active(monitor, detector)
            source = {"source": video, "rate": RATE_HZ, "loop": False}
            source |= {"wait_for_subscribers": 1, "exit_at_end": False}
            with NodeProcess("camera", logs / "camera.log", source) as camera:
                watts = _watch(monitor, (detector, camera), console)
        return _figures(monitor, watts)


def _watch(
    monitor: Monitor, processes: tuple[NodeProcess, NodeProcess], console: Console
) -> list[float]:
    """Show the table until the camera's last frame is dealt with; return the watts on the way."""
    watts: list[float] = []
    camera_ended = False
    quiet_at = plain_at = time.monotonic() + PLAIN_REPORT_S
    with Live(live_table(monitor), console=console, refresh_per_second=4) as live:
        while not (camera_ended and (_accounted(monitor) or time.monotonic() > quiet_at)):
            monitor.listen(0.1)
            for process in processes:
                process.check()
            power = monitor.status("detector: load").number("power_total_w")
            if power is not None:
                watts.append(power)
            if not camera_ended and monitor.status("camera: frames").message.endswith("ended"):
                camera_ended, quiet_at = True, time.monotonic() + SETTLE_S
            live.update(live_table(monitor))
            if not console.is_terminal and time.monotonic() > plain_at:
                plain_at += PLAIN_REPORT_S
                frames = monitor.status("detector: frames")
                console.print(f"{frames.message}, {frames.values.get('processed', 0)} frames")
    return watts


def _accounted(monitor: Monitor) -> bool:
    """Whether the detector has told of every frame that the camera published."""
    frames = monitor.status("detector: frames")
    told = [frames.number(key) for key in ("processed", *_DROPPED)]
    return sum(count or 0 for count in told) == monitor.status("camera: frames").number(
        "frames_published"
    )


def _figures(monitor: Monitor, watts: list[float]) -> Flight:
    frames, latency = monitor.status("detector: frames"), monitor.status("detector: latency")
    published = _count(monitor.status("camera: frames"), "frames_published")
    return Flight(
        frames_published=published,
        frames_received=_count(frames, "received"),
        frames_processed=_count(frames, "processed"),
        frames_dropped=sum(_count(frames, cause) for cause in _DROPPED),
        detections=_count(frames, "detections"),
        stamp_to_publish_ms=_percentiles(latency, "stamp_to_publish"),
        inference_ms=_percentiles(latency, "infer"),
        power_w=sum(watts) / len(watts) if watts else None,
    )


def _count(status: Status, key: str) -> int:
    number = status.number(key)
    if number is None:
        raise NodeError(f"the nodes did not say `{key}`; their logs are beside the summary")
    return int(number)


def _percentiles(latency: Status, step: str) -> Percentiles:
    p50, p90, p99 = (latency.number(f"{step}_{p}_ms") for p in ("p50", "p90", "p99"))
    if p50 is None or p90 is None or p99 is None:
        raise NodeError(f"the detector did not say `{step}`; its log is beside the summary")
    return Percentiles(p50=p50, p90=p90, p99=p99)
