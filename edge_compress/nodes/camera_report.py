"""What the detector says of a camera's frames on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diagnostic_msgs.msg import DiagnosticStatus

from edge_compress.nodes import qos
from edge_compress.nodes.diagnostics import ERROR, OK, WARN, judged
from edge_compress.nodes.frame_input import FrameInput
from edge_compress.nodes.vitals import FrameFigures
from edge_compress.telemetry.latency import Percentiles
from edge_compress.telemetry.levels import Level, Verdict

# Clocks of two machines that chrony or PTP keeps are closer than this.
_CLOCK_SLACK_MS = -5.0


def frames_status(
    prefix: str,
    frames: FrameFigures,
    frame_input: FrameInput | None,
    verdicts: Sequence[Verdict],
) -> DiagnosticStatus:
    """Say what came and what became of it, and what to do when nothing comes.

    Args:
        prefix: of the camera's topics and statuses; empty when it is the only one.
        frames: of this camera.
        frame_input: its subscription, while frames are taken.
        verdicts: on this camera.
    """
    level, message = _input_level(f"{prefix}image_raw", frames, frame_input)
    dropped = {f"dropped_{cause}": count for cause, count in frames.dropped.items()}
    return judged(
        f"{prefix}frames",
        level,
        message,
        {
            "received": frames.received,
            "processed": frames.processed,
            **dropped,
            "input_rate_hz": frames.input_rate_hz,
            "processed_rate_hz": frames.processed_rate_hz,
            "detections": frames.detections,
            "overlays": frames.overlays,
            "last_error": frames.last_error or None,
        },
        [verdict for verdict in verdicts if verdict.name in ("input", "rate")],
    )


def latency_status(
    prefix: str,
    frames: FrameFigures,
    steps: Mapping[str, Percentiles],
    verdicts: Sequence[Verdict],
) -> DiagnosticStatus:
    """Say how long each step takes.

    Args:
        prefix: of the camera's topics and statuses; empty when it is the only one.
        frames: of this camera.
        steps: percentiles of each.
        verdicts: on this camera.
    """
    values: dict[str, float] = {"clock_jumps": frames.clock_jumps}
    for step, percentiles in steps.items():
        # The one to plot first: from the camera's stamp to the published detections.
        for name in ("latency", step) if step == "stamp_to_publish" else (step,):
            values[f"{name}_p50_ms"] = percentiles.p50
            values[f"{name}_p90_ms"] = percentiles.p90
            values[f"{name}_p99_ms"] = percentiles.p99
    level, message = _clock_level(frames, steps)
    mine = [v for v in verdicts if v.name == "latency" or v.level is Level.STALE]
    return judged(f"{prefix}latency", level, message, values, mine)


def _input_level(
    topic: str, frames: FrameFigures, frame_input: FrameInput | None
) -> tuple[bytes, str]:
    """Say what is wrong with the input, the most helpful first."""
    if frame_input is None:
        return OK, "not active"
    if frame_input.mismatch:
        return ERROR, frame_input.mismatch
    if not frame_input.publishers:
        return WARN, f"nobody publishes {frame_input.topic}: remap {topic} to the camera's topic"
    if "transport" in frames.lately:
        return WARN, f"frames are lost in transport: {qos.TRANSPORT_REMEDY}"
    if frames.input_rate_hz == 0:
        # Fast DDS tells nothing of a loss before the first frame that comes through.
        why = f"if it does publish, its frames are lost in transport: {qos.TRANSPORT_REMEDY}"
        return WARN, f"no frame comes from the publisher of {frame_input.topic}; {why}"
    if "unreadable" in frames.lately:
        return WARN, f"frames were skipped: {frames.last_error}"
    if "deadline" in frames.lately:
        return WARN, "frames were dropped: when their turn came they were older than deadline_ms"
    return OK, f"{frames.processed_rate_hz:.1f} frames per second"


def _clock_level(frames: FrameFigures, steps: Mapping[str, Percentiles]) -> tuple[bytes, str]:
    if frames.clock_jumped:
        return WARN, "the clock went back: the latencies are those since then"
    age = steps.get("age")
    if age is not None and age.p50 < _CLOCK_SLACK_MS:
        return WARN, "frames are stamped in the future: the clocks of camera and detector differ"
    if steps and age is None:
        return WARN, "frames carry no stamp, so they have no age"
    return OK, "milliseconds over the window"
