"""Nodes in turns: each gets the camera for some seconds, round after round."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.runtime.bare import Bare, BetweenFrames
from benchmarks.runtime.camera import Camera
from benchmarks.runtime.compared import Condition, Measured
from benchmarks.runtime.nodes import Subject
from benchmarks.runtime.onlooker import Onlooker, Result
from benchmarks.runtime.processes import NodeProcess
from benchmarks.runtime.results import Ages

_WARM_S = 1.0
_QUIET_S = 2.0
_DRAIN_S = 10.0


@dataclass
class Turn:
    """One turn of one node."""

    published: int
    results: int
    in_time: int  # of the results; the others came once the camera had ended
    cpu_s: float
    ages_ms: list[float]
    bare_ms: list[float]


@dataclass
class _Tally:
    turns: list[Turn] = field(default_factory=list)
    steps_ms: dict[str, float] = field(default_factory=dict)


def take_turn(
    onlooker: Onlooker,
    camera: Camera,
    process: NodeProcess,
    results: Sequence[list[Result]],
    play: Callable[[], None],
    seconds: float,
    between: BetweenFrames | None = None,
) -> Turn:
    """Let the camera play and see what comes, also what is still in queues at the end.

    Args:
        onlooker: fills `results`.
        camera: has nothing to do.
        process: the node.
        results: of each of its topics; emptied first.
        play: begins to play.
        seconds: for how long it plays.
        between: infers between the frames of the first topic.
    """
    for one in results:
        one.clear()
    process.cpu_seconds()
    begin_ns = time.time_ns()
    play()
    published: int | None = None
    while published is None:
        seen = len(results[0])
        onlooker.spin_once()
        if between is not None and len(results[0]) > seen:
            between.after(results[0][-1].stamp_ns)
        published = camera.published()
    cpu_s = process.cpu_seconds()
    left = _DRAIN_S
    while left > 0:
        before = sum(len(one) for one in results)
        onlooker.spin(_QUIET_S)
        left = left - _QUIET_S if sum(len(one) for one in results) > before else 0
    # What a slow node still had in its queue from its last turn is not of this one.
    found = [result for one in results for result in one if result.stamp_ns >= begin_ns]
    if not found:
        raise RuntimeError(f"{process.name} gave no result:\n{process.log[-2000:]}")
    first = min(result.stamp_ns for result in found)
    steady = [r.age_ms for r in found if r.stamp_ns - first >= _WARM_S * 1e9]
    ages = steady or [result.age_ms for result in found]
    end = first + seconds * 1e9
    in_time = sum(result.published_ns <= end for result in found)
    bare = between.times_ms if between is not None else ()
    bare_ms = [ms for stamp_ns, ms in bare if stamp_ns - first >= _WARM_S * 1e9]
    return Turn(published, len(found), in_time, cpu_s, ages, bare_ms or [ms for _, ms in bare])


def compare(
    onlooker: Onlooker,
    camera: Camera,
    subjects: Sequence[Subject],
    conditions: Sequence[Condition],
    *,
    bare: Bare | None,
    seconds: float,
    turn_s: float = 5.0,
) -> tuple[Measured, ...]:
    """Measure all nodes, and bare inference, under all conditions.

    Args:
        onlooker: sees the results.
        camera: plays.
        subjects: in the order of the first round.
        conditions: all are gone through in each round.
        bare: measured between the frames of each node, or once a round beside no node.
        seconds: of each node under each condition.
        turn_s: of one turn.
    """
    turn_s = min(turn_s, seconds)
    rounds = max(1, round(seconds / turn_s))
    tallies = {(c.title, s.title): _Tally() for c in conditions for s in subjects}
    for number in range(rounds):
        shift = number % len(subjects)
        for condition in conditions:
            alone = bare.times_ms(turn_s) if bare is not None and not condition.between else []
            for subject in (*subjects[shift:], *subjects[:shift]):
                tally = tallies[condition.title, subject.title]
                turn = _turn(onlooker, camera, subject, condition, turn_s, bare)
                tally.turns.append(replace(turn, bare_ms=turn.bare_ms or alone))
                if subject.reports:
                    tally.steps_ms = _steps(onlooker, subject)
        print(f"round {number + 1} of {rounds}", flush=True)
    return tuple(
        _summary(condition, subject, tallies[condition.title, subject.title], turn_s)
        for condition in conditions
        for subject in subjects
    )


def _turn(
    onlooker: Onlooker,
    camera: Camera,
    subject: Subject,
    condition: Condition,
    seconds: float,
    bare: Bare | None,
) -> Turn:
    def play() -> None:
        size = (condition.width, condition.height)
        topic = subject.process.topic("image_raw")
        camera.play([topic], condition.rate_hz, seconds, size)

    between = None
    if bare is not None and condition.between:
        between = BetweenFrames(bare.once_ms, condition.rate_hz)
    return take_turn(onlooker, camera, subject.process, [subject.results], play, seconds, between)


def _steps(onlooker: Onlooker, subject: Subject) -> dict[str, float]:
    values = onlooker.status(f"{subject.process.name}: latency").values
    steps = ("age", "wait", "convert", "preprocess", "infer", "postprocess", "publish")
    return {s: float(values[key]) for s in steps if (key := f"{s}_p50_ms") in values}


def _summary(condition: Condition, subject: Subject, tally: _Tally, turn_s: float) -> Measured:
    turns = tally.turns
    return Measured(
        subject=subject.title,
        condition=condition.title,
        seconds=turn_s * len(turns),
        published=sum(turn.published for turn in turns),
        results=sum(turn.results for turn in turns),
        in_time=sum(turn.in_time for turn in turns),
        cpu_percent=sum(turn.cpu_s for turn in turns) / (turn_s * len(turns)) * 100,
        age_ms=Ages.of([age for turn in turns for age in turn.ages_ms]),
        rounds_p50_ms=tuple(Ages.of(turn.ages_ms).p50 for turn in turns),
        bare_p50_ms=tuple(Ages.of(turn.bare_ms).p50 for turn in turns if turn.bare_ms),
        steps_p50_ms=tally.steps_ms,
    )
