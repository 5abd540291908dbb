"""What the node costs beyond bare inference, beside a tutorial's node and one that only infers."""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from benchmarks.runtime.bare import Bare
from benchmarks.runtime.compared import Condition, Overhead
from benchmarks.runtime.nodes import Stage, detector, least, tutorial
from benchmarks.runtime.results import Ages, this_machine
from benchmarks.runtime.turns import compare

RATE_HZ = 15.0
_STARTS, _SHORT_S = 3, 5.0
_PLAY_S = 1.0


def measure(stage: Stage, seconds: float) -> Overhead:
    """Measure at 640 x 480, at 1920 x 1080, and at three times the rate that can be inferred."""
    with ExitStack() as running:
        bare = Bare(stage.bundle, stage.video)
        running.callback(bare.close)
        startup_s = _startup_s(stage, _STARTS if seconds > _SHORT_S else 1)
        most_hz = 1000 / Ages.of(bare.times_ms(min(seconds, 3.0))).p50
        subjects = [running.enter_context(make(stage)) for make in (detector, tutorial, least)]
        conditions = _conditions(most_hz)
        measured = compare(
            stage.onlooker,
            stage.camera,
            subjects,
            conditions,
            bare=bare,
            seconds=seconds,
        )
    return Overhead(
        machine=this_machine(),
        seconds=seconds,
        conditions=conditions,
        measured=measured,
        startup_s=startup_s,
    )


def _conditions(most_hz: float) -> tuple[Condition, ...]:
    small, large = (640, 480), (1920, 1080)
    return tuple(
        Condition(
            title=title,
            width=size[0],
            height=size[1],
            rate_hz=rate_hz,
            between=between,
            bound=bound,
        )
        for title, size, rate_hz, between, bound in (
            ("640x480 at 15 fps", small, RATE_HZ, True, 1.10),
            ("1920x1080 at 15 fps", large, RATE_HZ, True, 1.35),
            ("640x480, three times too fast", small, 3 * most_hz, False, 1.6),
        )
    )


def _startup_s(stage: Stage, starts: int) -> float:
    """Median seconds from configure to the first result, with a camera that plays already."""
    return statistics.median(_start_once(stage) for _ in range(starts))


def _start_once(stage: Stage) -> float:
    look, camera = stage.onlooker, stage.camera
    with detector(stage, autostart=False) as subject:
        service = f"/{subject.process.name}/change_state"
        topic = subject.process.topic("image_raw")

        def play() -> None:
            camera.play([topic], RATE_HZ, _PLAY_S, wait=False)

        def played_on() -> bool:
            if camera.published() is not None:
                play()
            return bool(subject.results)

        look.ready(ChangeState, service)
        play()
        look.spin(_PLAY_S)
        start = time.monotonic()
        for step in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            request = ChangeState.Request(transition=Transition(id=step))
            look.until(look.call(ChangeState, service, request).done, "a transition")
        look.until(played_on, "the first result")
        taken = time.monotonic() - start
        look.until(lambda: camera.published() is not None, "the camera")
    return taken
