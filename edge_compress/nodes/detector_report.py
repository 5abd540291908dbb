"""The detector's statuses on /diagnostics."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostic_msgs.msg import DiagnosticStatus

from edge_compress.inference.detector import Detector
from edge_compress.nodes import qos
from edge_compress.nodes.diagnostics import ERROR, OK, WARN, status
from edge_compress.nodes.frame_input import FrameInput
from edge_compress.nodes.pipeline import Pipeline
from edge_compress.nodes.vitals import FrameFigures, Vitals
from edge_compress.telemetry.latency import Percentiles

# Clocks of two machines that chrony or PTP keeps are closer than this.
_CLOCK_SLACK_MS = -5.0


def report(state: str, problem: str, pipeline: Pipeline | None) -> Iterator[DiagnosticStatus]:
    """Build all statuses.

    Args:
        state: of the lifecycle.
        problem: why the last transition failed; empty when it did not.
        pipeline: what is configured, if anything is.
    """
    yield status("state", ERROR if problem else OK, problem or state, {"state": state})
    if pipeline is None:
        return
    if pipeline.input is not None:
        pipeline.input.settle()
    yield _model(pipeline.detector)
    yield _frames(pipeline.vitals.frames(), pipeline.input)
    yield _latency(pipeline.vitals.latency())
    yield _load(pipeline.vitals)


def _model(detector: Detector) -> DiagnosticStatus:
    fallbacks = "; ".join(detector.fallbacks)
    return status(
        "model",
        WARN if fallbacks else OK,
        f"on {detector.provider}, since {fallbacks}" if fallbacks else f"on {detector.provider}",
        {
            "provider": detector.provider,
            "variant": detector.variant.file if detector.variant else None,
            "precision": detector.variant.precision if detector.variant else None,
            "input_height_px": detector.input.height,
            "input_width_px": detector.input.width,
            "confidence_threshold": detector.thresholds.confidence,
            "nms_threshold": detector.thresholds.nms_iou,
        },
    )


def _frames(frames: FrameFigures, frame_input: FrameInput | None) -> DiagnosticStatus:
    level, message = _judge(frames, frame_input)
    return status(
        "frames",
        level,
        message,
        {
            "received": frames.received,
            "processed": frames.processed,
            "dropped_overwritten": frames.dropped["overwritten"],
            "dropped_transport": frames.dropped["transport"],
            "unreadable": frames.dropped["unreadable"],
            "input_rate_hz": frames.input_rate_hz,
            "processed_rate_hz": frames.processed_rate_hz,
            "detections": frames.detections,
            "overlays": frames.overlays,
            "last_error": frames.last_error or None,
        },
    )


def _judge(frames: FrameFigures, frame_input: FrameInput | None) -> tuple[bytes, str]:
    """Say what is wrong with the input, the most helpful first."""
    if frame_input is None:
        return OK, "not active"
    if frame_input.mismatch:
        return ERROR, frame_input.mismatch
    if not frame_input.publishers:
        return WARN, f"nobody publishes {frame_input.topic}: remap image_raw to the camera's topic"
    if frame_input.transport_loss:
        return WARN, f"frames are lost in transport: {qos.TRANSPORT_REMEDY}"
    if frames.input_rate_hz == 0:
        # Fast DDS tells nothing of a loss before the first frame that comes through.
        why = f"if it does publish, its frames are lost in transport: {qos.TRANSPORT_REMEDY}"
        return WARN, f"no frame comes from the publisher of {frame_input.topic}; {why}"
    if frames.last_error:
        return WARN, f"frames were skipped: {frames.last_error}"
    return OK, f"{frames.processed_rate_hz:.1f} frames per second"


def _latency(steps: dict[str, Percentiles]) -> DiagnosticStatus:
    values: dict[str, float] = {}
    for step, percentiles in steps.items():
        # The one to plot first: from the camera's stamp to the published detections.
        for name in ("latency", step) if step == "stamp_to_publish" else (step,):
            values[f"{name}_p50_ms"] = percentiles.p50
            values[f"{name}_p90_ms"] = percentiles.p90
            values[f"{name}_p99_ms"] = percentiles.p99
    age = steps.get("age")
    if age is not None and age.p50 < _CLOCK_SLACK_MS:
        message = "frames are stamped in the future: the clocks of camera and detector differ"
        return status("latency", WARN, message, values)
    if steps and age is None:
        return status("latency", WARN, "frames carry no stamp, so they have no age", values)
    return status("latency", OK, "milliseconds over the window", values)


def _load(vitals: Vitals) -> DiagnosticStatus:
    load = vitals.load()
    values: dict[str, float | None] = {
        "cpu_percent": load.cpu_percent,
        "cpu_inference_thread_percent": load.inference_cpu_percent,
        "power_total_w": load.power_w,
        "energy_per_inference_mj": load.energy_per_inference_mj,
    }
    values |= {f"power_{rail.lower()}_w": watts for rail, watts in load.rails_w.items()}
    message = "CPU and power" if load.power_w is not None else "CPU; power cannot be read here"
    return status("load", OK, message, values)
