"""From what was counted to a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from edge_compress.scoring.classes import listed, nothing_in_common
from edge_compress.scoring.counts import Counts, Curves
from edge_compress.scoring.evaluator import Evaluator
from edge_compress.scoring.result import Accuracy, Evaluation, Frames, OfSize
from edge_compress.scoring.settings import Limits, Settings
from edge_compress.scoring.sizes import SIZES

# Frames after which a class that is on one side only is no accident.
_SURE = 10
# Share of the frames before the first detections that is more than a start.
_MANY = 0.1
EXIT_CODES = {"passed": 0, "failed": 1, "not evaluated": 2}


def evaluate(
    evaluator: Evaluator,
    limits: Limits,
    source: Mapping[str, str],
    troubles: Sequence[str] = (),
    *,
    final: bool = True,
) -> Evaluation:
    """Put all figures together, and judge them.

    Args:
        evaluator: what has come so far.
        limits: what is asked.
        source: where it came from; `detections` and `ground_truth` name the topics.
        troubles: why it is not whole, such as a bag that was cut off.
        final: nothing more comes, so that what is still missing is a fault, and AP must be of all.
    """
    curves = evaluator.curves(now=final)
    frames = evaluator.frames()
    tally = evaluator.tally
    evaluation = Evaluation(
        verdict="passed",
        problems=(),
        remarks=tuple(_remarks(evaluator, frames)),
        checks=(),
        source=dict(source),
        settings=_told(evaluator.settings, limits),
        frames=frames,
        accuracy=_accuracy(tally.counts(), curves, None),
        classes={name: _accuracy(tally.counts(name), curves, name) for name in tally.names},
        sizes={size: _of_size(tally.counts(size=size)) for size in SIZES},
        latency=evaluator.latencies.summary(),
    )
    checks = tuple(limits.checks(evaluation))
    problems = [*_faults(evaluator, frames, source, final=final)]
    if final:
        problems += _unjudged(evaluation, limits)
    problems += troubles
    failed = any(not check.met for check in checks)
    verdict = "not evaluated" if problems else "failed" if failed else "passed"
    return evaluation.model_copy(
        update={"checks": checks, "problems": tuple(problems), "verdict": verdict}
    )


def summary(evaluation: Evaluation) -> str:
    """Return the verdict in one line, with the figures that decided it."""
    if evaluation.problems:
        return f"not evaluated: {'; '.join(evaluation.problems)}"
    failed = [str(check) for check in evaluation.checks if not check.met]
    if failed:
        return f"failed: {'; '.join(failed)}"
    return f"passed: {figures(evaluation)}"


def figures(evaluation: Evaluation) -> str:
    """Return the figures that matter in one line."""
    accuracy, latency = evaluation.accuracy, evaluation.latency.stamp_to_arrival
    told = [
        (f"precision {accuracy.precision:.3f}" if accuracy.precision is not None else ""),
        (f"recall {accuracy.recall:.3f}" if accuracy.recall is not None else ""),
        (f"AP50 {accuracy.ap50:.3f}" if accuracy.ap50 is not None else ""),
        (f"AP {accuracy.ap:.3f}" if accuracy.ap is not None else ""),
        f"{evaluation.frames.scored} frames, {evaluation.frames.dropped} dropped",
        (f"latency p99 {latency.p99_ms:.1f} ms" if latency else ""),
    ]
    return ", ".join(part for part in told if part)


def _faults(
    evaluator: Evaluator, frames: Frames, source: Mapping[str, str], *, final: bool
) -> Iterator[str]:
    """Say why the two sides cannot be compared; while messages still come, only what is sure."""
    if not frames.truth:
        if final:
            yield f"no ground truth came on {source['ground_truth']}"
    elif not frames.detections:
        if final:
            yield f"no detections came on {source['detections']}: does the detector run?"
    elif not frames.scored:
        if final or evaluator.clocks.apart:
            yield evaluator.clocks.problem()
    elif final or frames.scored >= _SURE:
        yield from _class_faults(evaluator)


def _class_faults(evaluator: Evaluator) -> Iterator[str]:
    truth, classes = evaluator.truth_names, evaluator.settings.classes
    fault = nothing_in_common(truth, evaluator.found_names, evaluator.settings.class_map)
    if fault:
        yield fault
    elif classes and truth and not truth & set(classes):
        yield f"none of `classes` ({listed(classes)}) is in ground truth, which has {listed(truth)}"


def _unjudged(evaluation: Evaluation, limits: Limits) -> Iterator[str]:
    scored = evaluation.frames.scored
    if scored and scored < limits.min_frames:
        yield f"only {scored} frames were scored, and `min_frames` is {limits.min_frames}"
    elif scored:
        for check in limits.checks(evaluation):
            if check.value is None and not check.met and check.name != "min_precision":
                yield f"{check.name} cannot be judged: {_why_unknown(check.name)}"


def _why_unknown(name: str) -> str:
    if name == "max_latency_p99_ms":
        return "stamps and arrival are of different clocks, or of different bags"
    return "there was no object to find"


def _remarks(evaluator: Evaluator, frames: Frames) -> Iterator[str]:
    """Say what is doubtful."""
    settings = evaluator.settings
    if frames.clock_jumps:
        yield f"times that the stamps of ground truth went back: {frames.clock_jumps}"
    if frames.unreadable_boxes:
        yield f"boxes that are not finite or have no area, left out: {frames.unreadable_boxes}"
    if frames.before_detector > _MANY * frames.truth:
        yield (
            f"frames from before the first detections, not counted as dropped: "
            f"{frames.before_detector}"
        )
    unknown = evaluator.truth_names - evaluator.found_names
    if settings.classes:
        unknown &= set(settings.classes)
    if unknown and evaluator.found_names:
        yield f"classes of ground truth that the detector has never named: {listed(unknown)}"
    nearest = frames.nearest_stamp_s
    apart = nearest is not None and abs(nearest) > settings.tolerance_s
    if apart and frames.dropped > frames.scored > 0:
        yield (
            f"most detections are {nearest:+.3f} s from the nearest ground truth, and "
            f"`tolerance_s` is {settings.tolerance_s:g}"
        )


def _told(settings: Settings, limits: Limits) -> dict[str, object]:
    """Return the settings and what was asked, as JSON has them."""
    asked = {name: value for name, value in asdict(limits).items() if value}
    return {**asdict(settings), "classes": list(settings.classes), **asked}


def _accuracy(counts: Counts, curves: Curves, name: str | None) -> Accuracy:
    if name is None:
        mean = curves.mean
        ap, ap50 = (None, None) if mean is None else (float(mean.mean()), float(mean[0].mean()))
    elif name in curves.by_class:
        ap, ap50 = curves.ap(name), curves.ap50(name)
    else:
        ap = ap50 = None
    return Accuracy(
        objects=counts.found + counts.missed,
        found=counts.found,
        missed=counts.missed,
        false=counts.false,
        precision=counts.precision,
        recall=counts.recall,
        ap50=ap50,
        ap=ap,
    )


def _of_size(counts: Counts) -> OfSize:
    return OfSize(
        objects=counts.found + counts.missed,
        found=counts.found,
        missed=counts.missed,
        recall=counts.recall,
    )
