"""A bundle flown in simulation and scored, by detector, evaluator and simulated camera."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_compress.nodes.monitor import Monitor
from edge_compress.scoring.judge import EXIT_CODES
from edge_compress.scoring.report import make_folder
from edge_compress.simulation.resources import shipped
from edge_compress.testing.processes import NodeProcess
from edge_compress.testing.watching import wait_until_active, watching
from edge_compress.vision.labels import load_labels

ROUND_S = 32.0  # the drone of worlds/inspection.sdf takes 31.4 s around its panels
_WHAT_COUNTS = "config/inspection.yaml"
_STILL_S = 60.0
_SETTLE_S = 2.0
_REPORT_S = 60.0  # plots take their time on a busy machine


@dataclass(frozen=True)
class Flight:
    """What came of a flight.

    Attributes:
        passed: every threshold that was asked for is met.
        verdict: how it went, in a line.
        evaluation: what the evaluator wrote to ``evaluation.json``.
    """

    passed: bool
    verdict: str
    evaluation: Mapping[str, Any]


def fly(
    bundle: Path,
    report: Path,
    *,
    world: Path | None = None,
    vehicle: str = "drone",
    duration_s: float = ROUND_S,
    seed: int = 0,
    sim_camera: Mapping[str, object] | None = None,
    detector: Mapping[str, object] | None = None,
    evaluator: Mapping[str, object] | None = None,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Flight:
    """Fly a bundle through a world, and score what it saw.

    Args:
        bundle: the folder.
        report: folder for ``evaluation.json``, ``evaluation.html`` and the nodes' logs.
        world: in SDF; None for the one that comes along.
        vehicle: model in the world that carries the camera.
        duration_s: seconds of sim time; the drone's round by default.
        seed: of the camera's noise, and of where on its way the vehicle begins; 0 begins where the
            world says.
        sim_camera: more parameters of this node, by name.
        detector: more parameters of the detector.
        evaluator: more parameters of the evaluator, such as ``min_recall``. By default labels are
            the numbers of COCO's classes, from 1, and in the world that comes along what
            ``config/inspection.yaml`` says counts.
        on_progress: told of the seconds of sim time that have passed.

    Returns:
        What the evaluator says.

    Raises:
        NodeError: nothing can be said of the bundle: a node cannot do its work.
        ScoringError: the report cannot be written.
    """
    make_folder(report)
    with watching() as monitor, ExitStack() as stack:

        def start(
            node: str, *settings: Mapping[str, object] | None, file: Path | None = None
        ) -> NodeProcess:
            parameters = {name: value for one in settings for name, value in (one or {}).items()}
            return stack.enter_context(NodeProcess(node, report / f"{node}.log", parameters, file))

        clock = {"use_sim_time": True}
        labels = [f"{number}:{name}" for number, name in enumerate(load_labels("coco"), start=1)]
        judged = {"report": report} | ({"class_map": labels} if world is not None else {})
        what_counts = shipped(_WHAT_COUNTS) if world is None else None
        seeing = start("detector", clock, {"bundle": bundle}, detector)
        wait_until_active(monitor, seeing)
        scoring = start("evaluator", clock, judged, evaluator, file=what_counts)
        flight = {"vehicle": vehicle, "duration_s": duration_s, "seed": seed}
        flight |= {"world": world} if world is not None else {}
        camera = start("sim_camera", flight, {"wait_for_subscribers": 2}, sim_camera)
        _watch(monitor, camera, (seeing, scoring), on_progress)
        code = scoring.stop(_REPORT_S)
        if code not in (EXIT_CODES["passed"], EXIT_CODES["failed"]):
            raise scoring.error("could not score the flight")
        evaluation = json.loads((report / "evaluation.json").read_text(encoding="utf-8"))
        return Flight(code == EXIT_CODES["passed"], scoring.last_line(), evaluation)


def _watch(
    monitor: Monitor,
    camera: NodeProcess,
    others: tuple[NodeProcess, ...],
    on_progress: Callable[[float], None],
) -> None:
    """Wait until the simulation has ended and its last frame is dealt with.

    Raises:
        NodeError: a node ended early, or nothing moves for a minute.
    """
    passed_s, moved_at = 0.0, time.monotonic()
    while camera.exit_code is None:
        monitor.listen(0.1)
        for process in others:
            process.check()
        now_s = monitor.status("sim_camera: frames").number("sim_time_s") or 0.0
        if now_s > passed_s:
            passed_s, moved_at = now_s, time.monotonic()
            on_progress(passed_s)
        elif time.monotonic() > moved_at + _STILL_S:
            raise camera.error(f"stands still for {_STILL_S:.0f} s")
    if camera.exit_code != 0:
        raise camera.error(f"ended with {camera.exit_code}")
    end = time.monotonic() + _SETTLE_S
    while time.monotonic() < end:
        monitor.listen(0.1)
