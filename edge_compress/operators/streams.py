"""The figures of one camera's frames, as nodes tell them."""

from __future__ import annotations

from edge_compress.operators.node_view import Stream
from edge_compress.operators.status import Status

_CAMERA_DROPS = {"late": "frames_late", "skipped": "images_skipped"}


def camera_stream(camera: str, frames: Status, drops_per_s: float | None) -> Stream:
    """Return what a camera node tells.

    Args:
        camera: its name; empty for the only one of its node.
        frames: its status of that name.
        drops_per_s: as counted from report to report.
    """
    counts = {cause: frames.number(key) for cause, key in _CAMERA_DROPS.items()}
    return Stream(
        camera=camera,
        rate_hz=frames.number("rate_hz"),
        input_rate_hz=frames.number("target_rate_hz"),
        frames=_whole(frames.number("frames_published")),
        drops={cause: int(count) for cause, count in counts.items() if count},
        drops_per_s=drops_per_s,
    )


def detector_stream(
    camera: str, frames: Status, latency: Status, drops_per_s: float | None
) -> Stream:
    """Return what a detector tells of a camera.

    Args:
        camera: its name; empty for the only one of its node.
        frames: its status of that name.
        latency: likewise.
        drops_per_s: as counted from report to report.
    """
    counts = {
        key.removeprefix("dropped_"): frames.number(key)
        for key in frames.values
        if key.startswith("dropped_")
    }
    return Stream(
        camera=camera,
        rate_hz=frames.number("processed_rate_hz"),
        input_rate_hz=frames.number("input_rate_hz"),
        latency_p50_ms=latency.number("latency_p50_ms"),
        latency_p99_ms=latency.number("latency_p99_ms"),
        age_p50_ms=latency.number("age_p50_ms"),
        frames=_whole(frames.number("processed")),
        drops={cause: int(count) for cause, count in counts.items() if count},
        drops_per_s=drops_per_s,
    )


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
