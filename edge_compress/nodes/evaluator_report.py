"""An evaluation as diagnostics."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostic_msgs.msg import DiagnosticStatus

from edge_compress.nodes.diagnostics import ERROR, OK, WARN, Values, status
from edge_compress.scoring.judge import figures
from edge_compress.scoring.result import Accuracy, Evaluation, Times
from edge_compress.scoring.settings import Check

_OF_LATENCY = "max_latency_p99_ms"
_OF_FRAMES = "max_drop_share"


def statuses(
    evaluation: Evaluation, min_frames: int, waiting: str, doubts: tuple[str, ...]
) -> Iterator[DiagnosticStatus]:
    """Build the statuses `accuracy`, `frames` and `latency`.

    Args:
        evaluation: of all so far.
        min_frames: before so many were scored nothing is judged.
        waiting: what has not come yet; empty when all has.
        doubts: what is wrong with the topics.
    """
    judged = evaluation.frames.scored >= min_frames
    failed = [check for check in evaluation.checks if judged and not check.met]
    yield _accuracy(evaluation, failed, waiting)
    yield _frames(evaluation, failed, doubts)
    yield _latency(evaluation, failed)


def _accuracy(evaluation: Evaluation, failed: list[Check], waiting: str) -> DiagnosticStatus:
    own = [check for check in failed if check.name not in (_OF_LATENCY, _OF_FRAMES)]
    level, message = OK, figures(evaluation)
    if evaluation.problems:
        level, message = ERROR, "; ".join(evaluation.problems)
    elif waiting:
        level, message = ERROR if evaluation.frames.truth else WARN, waiting
    elif own:
        level, message = ERROR, "; ".join(map(str, own))
    values = dict(_of_class("", evaluation.accuracy))
    for size, counted in evaluation.sizes.items():
        values[f"missed_{size}"] = counted.missed
        values[f"recall_{size}"] = counted.recall
    for name, accuracy in evaluation.classes.items():
        values |= _of_class(f"_{name.replace(' ', '_')}", accuracy)
    return status("accuracy", level, message, values)


def _frames(
    evaluation: Evaluation, failed: list[Check], doubts: tuple[str, ...]
) -> DiagnosticStatus:
    own = [check for check in failed if check.name == _OF_FRAMES]
    frames = evaluation.frames
    told = [*map(str, own), *doubts, *evaluation.remarks]
    level = ERROR if own else WARN if told else OK
    message = "; ".join(told) or f"{frames.scored} scored, {frames.dropped} dropped"
    return status("frames", level, message, frames.model_dump())


def _latency(evaluation: Evaluation, failed: list[Check]) -> DiagnosticStatus:
    own = [check for check in failed if check.name == _OF_LATENCY]
    latency = evaluation.latency
    level, message = OK, "from the stamp to the arrival of the detections"
    if own:
        level, message = ERROR, str(own[0])
    elif latency.unknown and latency.stamp_to_arrival is None:
        level, message = WARN, "stamps are not of this node's clock: set use_sim_time alike"
    values: dict[str, float | int | str | None] = {"latency_unknown": latency.unknown}
    values |= _of_times("latency", latency.stamp_to_arrival)
    values |= _of_times("after_truth", latency.after_truth)
    values |= {f"detector_{key}": value for key, value in latency.detector.items()}
    return status("latency", level, message, values)


def _of_class(ending: str, accuracy: Accuracy) -> Values:
    return {f"{name}{ending}": value for name, value in accuracy.model_dump().items()}


def _of_times(name: str, times: Times | None) -> Values:
    if times is None:
        return {}
    return {
        f"{name}_p50_ms": times.p50_ms,
        f"{name}_p90_ms": times.p90_ms,
        f"{name}_p99_ms": times.p99_ms,
        f"{name}_max_ms": times.max_ms,
    }
