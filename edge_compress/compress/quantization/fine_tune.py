"""Train a float model so that it bears 8 bits, and keep that only where it mends something."""

from __future__ import annotations

import copy
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.export import export
from edge_compress.compress.models.final_layers import WEIGHTED
from edge_compress.compress.models.fold_batch_norm import fold_batch_norm
from edge_compress.compress.models.layer_graph import NotTraceable
from edge_compress.compress.onnx_module import OnnxModule
from edge_compress.compress.parameter import tunable
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.quantization.fake_quantize import fake_quantized
from edge_compress.compress.target import reaches
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.pass_base import Context
    from edge_compress.compress.passes.quantize import Quantize


class FineTune(StrictModel):
    """Whether the float weights are trained for 8 bits before they are quantized."""

    when: Literal["never", "below_budget", "always"] = tunable(
        "never",
        description="`below_budget`: only when the INT8 file misses the budget's `max_drop` on the "
        "frames to choose by",
    )
    schedule: Schedule = Schedule(epochs=4, learning_rate=3e-4)


def fine_tuned(candidate: Candidate, plan: Quantize, context: Context) -> Candidate:
    """The candidate, trained with fake quantization where the plan asks for it and where it helps.

    Batch norm is folded first, as it is in the file. What counts is the INT8 file that comes out,
    measured in ONNX Runtime before and after. Jacob et al., arXiv:1712.05877, section 3.

    Raises:
        PassFailed: when gradients cannot reach the model, or training diverges.
    """
    how = plan.fine_tune
    if how.when == "never":
        return candidate
    before = int8_quality(candidate, plan, context)
    least = context.least_quality
    if how.when == "below_budget" and reaches(before, least):
        return candidate
    told = f"INT8 quality {before:.3f}, {least:.3f} wanted"
    context.progress.note(f"{told}: fine-tuning")
    student = candidate.with_module(copy.deepcopy(candidate.module))
    with suppress(NotTraceable):  # batch norm is then frozen, and folded at export
        fold_batch_norm(student.module)
    layers = [layer for layer in student.module.modules() if isinstance(layer, WEIGHTED)]
    with fake_quantized(layers, per_channel=plan.per_channel, reduce_range=plan.reduces_range):
        train(student, lessons_for(student, context), how.schedule, context, "fine-tune for INT8")
    after = int8_quality(student, plan, context)
    kept = after > before
    context.progress.note(
        f"fine-tuned: INT8 quality {before:.3f} -> {after:.3f}, {'kept' if kept else 'not kept'}"
    )
    return student if kept else candidate


def int8_quality(candidate: Candidate, plan: Quantize, context: Context) -> float:
    """Quality of the INT8 file that the target would run, on the frames to choose by, 0-1."""
    wanted = context.target.profile
    profile = wanted if wanted in plan.profiles else plan.profiles[0]
    alone = plan.model_copy(update={"profiles": (profile,)})
    planned = replace(candidate, quantization=alone)
    with tempfile.TemporaryDirectory() as folder:
        try:
            files = export(planned, Path(folder), context.learn, progress=context.progress)
        except PassFailed as error:  # a file that computes something else is worth nothing
            context.progress.note(str(error))
            return 0.0
        # Kernels for TensorRT's numbers are not here; the graph as it is written says what they do.
        module = OnnxModule(files[profile], optimize=profile == "ort-cpu")
        return context.quality(candidate.with_module(module))
