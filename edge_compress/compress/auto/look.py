"""Look at a model, its frames and this machine before anything is searched."""

from __future__ import annotations

import copy
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from edge_compress.compress.agreement import REFERENCE_SCORE
from edge_compress.compress.auto.findings import Findings, Size
from edge_compress.compress.auto.layers import sensitive_layers, shares, why_uncuttable
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.data import open_data
from edge_compress.compress.export import ExportError, export
from edge_compress.compress.footage import Frames
from edge_compress.compress.input_sizes import (
    agreement_with,
    camera_aspect,
    check_free,
    sizes_below,
)
from edge_compress.compress.latency import LatencyMeter
from edge_compress.compress.original import export_original, load_candidates
from edge_compress.compress.parity import ParityError
from edge_compress.compress.pass_base import Context, PassFailed
from edge_compress.compress.passes import FoldFocus, Quantize
from edge_compress.compress.passes.replace_activation import COSTLY
from edge_compress.compress.progress import Progress
from edge_compress.compress.quantization.error import QuantizationError
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.training.predictions import can_predict
from edge_compress.compress.training.teacher import Teacher

FRAMES = {"classification": 500, "detection": 24}  # looked at; a detector takes its time
CALIBRATED = 16
SMALLEST = 0.15  # share of the original's pixels
MULTIPLE, FINE = 32, 4  # of the sides, in pixels
SMALL = 128
TIMED_BATCH = 8
TIMED_STEPS = 3


def look(recipe: Recipe, progress: Progress) -> Findings:
    """Find what ingredients are chosen by; a minute or two for a small detector.

    Args:
        recipe: its model, classes, data and target count; its passes do not.
        progress: where to report.

    Raises:
        EdgeCompressError: for a mistake that the user can mend.
    """
    whole, start = load_candidates(recipe)
    all_labels = whole.labels if recipe.classes else None
    data = open_data(recipe.data, start.labels, progress, whole=all_labels)
    few = data.learn.spread(FRAMES[recipe.task])
    teacher = Teacher(start, few, progress)
    context = Context(teacher, few, few, recipe.target, recipe.seed, progress)
    with TemporaryDirectory(prefix="edge_compress-") as folder:
        original = export_original(recipe, (whole, start), Path(folder), data.learn)
        file = original.whole.files["fp32"]
        size_bytes = file.stat().st_size
        meter = LatencyMeter(file, recipe.target)
        int8, int8_why = _int8(start, context, original.start.files["fp32"], meter, Path(folder))
    sizes, bound = _sizes(start, few, teacher, progress)
    linear, wide = shares(start)
    uncuttable = why_uncuttable(start, context)
    return Findings(
        task=recipe.task,
        labelled=data.learn.truth is not None,
        frames=len(data.learn),
        quality=context.quality(start),
        original_ms=meter.original_ms,
        predicted=meter.predicted,
        size_bytes=size_bytes,
        height=start.input.height,
        width=start.input.width,
        aspect=camera_aspect(few),
        multiple=_multiple(start),
        sizes=sizes,
        bound=bound,
        focus=_has_focus(start, context),
        costly=sum(isinstance(module, COSTLY) for module in start.module.modules()),
        linear=linear,
        wide=wide,
        trainable=recipe.task == "classification" or can_predict(start.head),
        uncuttable=uncuttable,
        sensitive=() if uncuttable else sensitive_layers(start, context),
        int8=int8,
        int8_why=int8_why,
        seen=() if recipe.classes or recipe.task == "classification" else _seen(teacher),
        seconds=_seconds(start),
    )


def _multiple(candidate: Candidate) -> int:
    """What both sides of the input are to be multiples of, in pixels."""
    small = min(candidate.input.height, candidate.input.width) < SMALL
    return max(getattr(candidate.head, "strides", (FINE if small else MULTIPLE,)))


def _seen(teacher: Teacher) -> tuple[tuple[str, int], ...]:
    """Labels that the model sees, with how often, most often first; empty for a single one."""
    counts = Counter(
        seen.labels[int(place)]
        for seen in teacher.detections
        for place in seen.class_ids[seen.scores >= REFERENCE_SCORE]
    )
    return tuple(counts.most_common()) if len(counts) > 1 else ()


def _sizes(
    start: Candidate, frames: Frames, teacher: Teacher, progress: Progress
) -> tuple[tuple[Size, ...], str]:
    """Smaller inputs with the agreement there, or why there are none."""
    try:
        sizes = sizes_below(start.input, camera_aspect(frames), _multiple(start), SMALLEST)
        check_free(start.with_input(*sizes[-1]))
    except PassFailed as error:
        return (), str(error)
    found = []
    for height, width in progress.track(sizes, "try input sizes", len(sizes)):
        smaller = start.with_input(height, width)
        found.append(Size(height, width, agreement_with(teacher.detections, smaller, frames)))
    return tuple(found), ""


def _has_focus(start: Candidate, context: Context) -> bool:
    try:
        FoldFocus().run(start, context)
    except PassFailed:
        return False
    return True


def _int8(
    start: Candidate, context: Context, fp32: Path, meter: LatencyMeter, folder: Path
) -> tuple[float | None, str]:
    """Latency of static INT8 by that of the float model, measured; None with why it is not."""
    if meter.predicted:
        return None, "a device table has no INT8 kernels"
    if context.target.profile != "ort-cpu":
        return None, f"its gain on {context.target.profile} cannot be measured here"
    frames = context.learn.spread(CALIBRATED)
    try:
        planned = Quantize(profiles=("ort-cpu",), frames=CALIBRATED).run(
            start, replace(context, learn=frames)
        )
        files = export(planned, folder / "int8", frames, progress=context.progress)
        return meter.of(files["ort-cpu"]).ms / meter.of(fp32).ms, ""
    except (PassFailed, QuantizationError, ExportError, ParityError) as error:
        return None, str(error)


def _seconds(start: Candidate) -> float:
    """Of one training step for each frame, the teacher's answers included."""
    spec = start.input
    student = copy.deepcopy(start.module).train().to(memory_format=torch.channels_last)
    frames = torch.rand(TIMED_BATCH, 3, spec.height, spec.width)
    frames = frames.contiguous(memory_format=torch.channels_last)
    taken = []
    for _ in range(TIMED_STEPS):
        began = time.perf_counter()
        with torch.no_grad():
            start.module(frames)
        torch.stack([part.float().mean() for part in student(frames)]).sum().backward()
        taken.append(time.perf_counter() - began)
    return min(taken) / TIMED_BATCH
