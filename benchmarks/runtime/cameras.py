"""Four cameras on one process against one camera that brings as many frames."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from vision_msgs.msg import Detection2DArray

from benchmarks.runtime.endured import Cameras, CameraSet
from benchmarks.runtime.nodes import Stage, detector
from benchmarks.runtime.onlooker import Result
from benchmarks.runtime.processes import NodeProcess
from benchmarks.runtime.results import Ages, this_machine
from benchmarks.runtime.turns import Turn, take_turn

NAMES = ("front", "left", "right", "rear")
# Cameras, frames per second of each, and whether all come at the same moment.
_SETS = ((1, 20.0, False), (4, 5.0, False), (4, 5.0, True), (1, 5.0, False), (2, 5.0, False))
SETS = (*_SETS, (3, 5.0, False))


def measure(stage: Stage, seconds: float, turn_s: float = 5.0) -> Cameras:
    """Measure all sets in turns; the single camera has a node of its own."""
    turn_s = min(turn_s, seconds)
    turns: dict[tuple[int, float, bool], list[Turn]] = {one: [] for one in SETS}
    with ExitStack() as running:
        single = running.enter_context(detector(stage))
        many = running.enter_context(detector(stage, cameras=list(NAMES)))
        results = [
            stage.onlooker.results(Detection2DArray, many.process.topic(f"{name}/detections"))
            for name in NAMES
        ]
        topics = [many.process.topic(f"{name}/image_raw") for name in NAMES]
        rounds = max(1, round(seconds / turn_s))
        for number in range(rounds):
            shift = number % len(SETS)
            for count, rate_hz, in_step in (*SETS[shift:], *SETS[:shift]):
                kept = turns[count, rate_hz, in_step]
                if rate_hz == SETS[0][1]:
                    alone = [single.process.topic("image_raw")]
                    seen = [single.results]
                    kept.append(_turn(stage, single.process, seen, alone, rate_hz, turn_s))
                else:
                    used, seen = topics[:count], results[:count]
                    kept.append(
                        _turn(stage, many.process, seen, used, rate_hz, turn_s, in_step=in_step)
                    )
            print(f"round {number + 1} of {rounds}", flush=True)
    return Cameras(
        machine=this_machine(),
        seconds=seconds,
        sets=tuple(_summary(*one, kept, turn_s) for one, kept in turns.items()),
    )


def _turn(
    stage: Stage,
    process: NodeProcess,
    results: Sequence[list[Result]],
    topics: Sequence[str],
    rate_hz: float,
    turn_s: float,
    *,
    in_step: bool = False,
) -> Turn:
    return take_turn(
        stage.onlooker,
        stage.camera,
        process,
        results,
        lambda: stage.camera.play(topics, rate_hz, turn_s, in_step=in_step),
        turn_s,
    )


def _summary(
    cameras: int, rate_hz: float, in_step: bool, turns: Sequence[Turn], turn_s: float
) -> CameraSet:
    cpu = [turn.cpu_s / turn_s * 100 for turn in turns]
    return CameraSet(
        cameras=cameras,
        rate_hz=rate_hz,
        in_step=in_step,
        published=sum(turn.published for turn in turns),
        results=sum(turn.results for turn in turns),
        cpu_percent=sum(cpu) / len(cpu),
        age_ms=Ages.of([age for turn in turns for age in turn.ages_ms]),
        rounds_cpu_percent=tuple(cpu),
    )
