"""Frames with what was found drawn into them, for whoever looks."""

from __future__ import annotations

from collections.abc import Sequence

from std_msgs.msg import Header

from edge_compress.nodes import messages
from edge_compress.nodes.camera_topics import CameraTopics
from edge_compress.nodes.machine_vitals import MachineVitals
from edge_compress.vision.detections import Detections
from edge_compress.vision.drawing import draw
from edge_compress.vision.pixels import Pixels


def publish_overlays(
    camera: CameraTopics,
    pixels: Pixels,
    detections: Detections,
    ids: Sequence[str],
    header: Header,
    latency_ms: float,
    machine: MachineVitals,
) -> None:
    """Draw a frame once, if anyone has subscribed to it as an image or as JPEG."""
    raw = camera.overlay.get_subscription_count() > 0
    compressed = camera.overlay_compressed.get_subscription_count() > 0
    if not (raw or compressed):
        return
    parts = [f"{camera.vitals.frames().processed_rate_hz:.1f} fps", f"{latency_ms:.1f} ms"]
    if machine.watts is not None:
        parts.append(f"{machine.watts:.1f} W")
    drawn = draw(pixels.bgr(), detections, "  ".join(parts), ids)
    if raw:
        camera.overlay.publish(messages.image_message(drawn, "bgr8", header))
    if compressed:
        camera.overlay_compressed.publish(messages.jpeg_message(drawn, header))
    camera.vitals.on_overlay()
