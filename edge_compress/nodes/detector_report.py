"""The detector's statuses on /diagnostics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from diagnostic_msgs.msg import DiagnosticStatus

from edge_compress.inference.detector import Detector
from edge_compress.nodes.camera_report import frames_status, latency_status
from edge_compress.nodes.diagnostics import ERROR, OK, status
from edge_compress.nodes.frame_input import FrameInput
from edge_compress.nodes.machine_report import machine_statuses
from edge_compress.nodes.machine_vitals import MachineVitals
from edge_compress.nodes.model_report import ModelFigures, model_status
from edge_compress.nodes.vitals import CameraVitals


class CameraTopics(Protocol):
    """One camera."""

    @property
    def name(self) -> str:
        """Of the camera; empty when it is the only one, whose topics have no prefix."""

    @property
    def vitals(self) -> CameraVitals:
        """Its counts and times."""

    @property
    def input(self) -> FrameInput | None:
        """The subscription, while frames are taken."""


class Serving(Protocol):
    """What a configured detector node holds."""

    @property
    def detector(self) -> Detector:
        """The model in use."""

    @property
    def cameras(self) -> Sequence[CameraTopics]:
        """Those that are served."""

    @property
    def machine(self) -> MachineVitals:
        """What it runs on."""


def report(
    state: str, problem: str, serving: Serving | None, model: ModelFigures | None
) -> Iterator[DiagnosticStatus]:
    """Build all statuses.

    Args:
        state: of the lifecycle.
        problem: why the last transition failed; empty when it did not.
        serving: what is configured, if anything is.
        model: what became of its bundle and providers.
    """
    yield status("state", ERROR if problem else OK, problem or state, {"state": state})
    if serving is None or model is None:
        return
    yield model_status(serving.detector, model)
    for camera in serving.cameras:
        if camera.input is not None:
            camera.input.settle()
        prefix = f"{camera.name}/" if camera.name else ""
        steps = camera.vitals.latency()
        verdicts = camera.vitals.verdicts(steps) if camera.input is not None else []
        frames = camera.vitals.frames()  # after the verdicts: what is stale by then has no rate
        yield frames_status(prefix, frames, camera.input, verdicts)
        yield latency_status(prefix, frames, steps, verdicts)
    yield from machine_statuses(serving.machine)
