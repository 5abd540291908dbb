"""What the detector says of its model on /diagnostics."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus

from edge_compress.inference.detector import Detector
from edge_compress.nodes.diagnostics import OK, WARN, status


@dataclass(frozen=True)
class ModelFigures:
    """What became of the bundle and its providers since the node was configured.

    Attributes:
        bundle: folder of the bundle in use.
        swaps: how often another bundle took its place.
        refused: how many bundles were refused while one was running.
        last_refusal: why the last one was; empty when a bundle has been taken since.
        loading: folder of the bundle that is being opened beside it; empty when none is.
        switches: how often a provider failed at run time and the next took its place.
        step: of the bundle's variants from the most accurate, 0, to the fastest.
        steps: how many variants there are to step down to.
        signers: ids of the trusted keys that signed the bundle; none where none was asked for.
    """

    bundle: str
    swaps: int = 0
    refused: int = 0
    last_refusal: str = ""
    loading: str = ""
    switches: int = 0
    step: int = 0
    steps: int = 0
    signers: tuple[str, ...] = ()


def model_status(detector: Detector, model: ModelFigures) -> DiagnosticStatus:
    """Say what runs on what, and as a warning all that is not as it was meant to be."""
    complaints = []
    if detector.fallbacks:
        complaints.append(f"on {detector.provider}, since {'; '.join(detector.fallbacks)}")
    if model.last_refusal:
        complaints.append(f"a bundle was refused: {model.last_refusal}")
    variant = detector.variant.file if detector.variant else None
    if model.step:
        complaints.append(f"stepped down to {variant}, {model.step} of {model.steps}")
    parts = complaints or [f"on {detector.provider}"]
    if model.loading:
        parts.append(f"opening {model.loading}")
    return status(
        "model",
        WARN if complaints else OK,
        "; ".join(parts),
        {
            "provider": detector.provider,
            "provider_switches": model.switches,
            "bundle": model.bundle,
            "bundle_swaps": model.swaps,
            "bundles_refused": model.refused,
            "bundle_signed_by": ", ".join(model.signers) or None,
            "variant": variant,
            "variant_step": model.step,
            "precision": detector.variant.precision if detector.variant else None,
            "input_height_px": detector.input.height,
            "input_width_px": detector.input.width,
            "confidence_threshold": detector.thresholds.confidence,
            "nms_threshold": detector.thresholds.nms_iou,
        },
    )
