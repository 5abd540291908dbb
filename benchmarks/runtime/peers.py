"""The node beside a tutorial's and the one of YOLOX-ROS: same model, same video, same machine."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.runtime.bare import Bare
from benchmarks.runtime.compared import Condition, Peers
from benchmarks.runtime.nodes import Stage, detector, tutorial, yolox_ros
from benchmarks.runtime.results import Ages, this_machine
from benchmarks.runtime.turns import compare

_TIMES_TOO_FAST = 3


def measure(stage: Stage, seconds: float) -> Peers:
    """Measure at a rate that all keep up with, at a camera's, and overloaded."""
    bare = Bare(stage.bundle, stage.video)
    most_hz = 1000 / Ages.of(bare.times_ms(min(seconds, 3.0))).p50
    bare.close()
    kinds = [detector, tutorial] + ([yolox_ros] if stage.yolox_ros else [])
    conditions = tuple(
        Condition(title=title, width=640, height=480, rate_hz=rate_hz)
        for title, rate_hz in (
            ("3 fps", 3.0),
            ("15 fps", 15.0),
            ("three times too fast", _TIMES_TOO_FAST * most_hz),
        )
    )
    with ExitStack() as running:
        subjects = [running.enter_context(make(stage)) for make in kinds]
        measured = compare(
            stage.onlooker, stage.camera, subjects, conditions, bare=None, seconds=seconds
        )
    return Peers(machine=this_machine(), seconds=seconds, conditions=conditions, measured=measured)
