"""Which layers must stay float for the budget's sake."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from edge_compress.compress.export import export_fp32
from edge_compress.compress.onnx_module import OnnxModule
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.quantization.judged import judged_inputs
from edge_compress.compress.quantization.regions import with_activations
from edge_compress.compress.target import reaches

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.pass_base import Context
    from edge_compress.compress.passes.quantize import Quantize

_FRAMES = 2


def float_for_budget(quantize: Quantize, candidate: Candidate, context: Context) -> tuple[str, ...]:
    """As few of the most sensitive layers as bring the INT8 file within the budget.

    Layers are ordered by what each alone does to the outputs (SQNR), and the number of those that
    stay float is found by halving, since quality rises with it but for noise. Each trial is the
    file that would run, measured in ONNX Runtime on the frames to choose by.

    Returns:
        Names of ONNX nodes.

    Raises:
        PassFailed: when the budget is missed with all layers but one in float.
    """
    target = context.target.profile
    profile = target if target in quantize.profiles else quantize.profiles[0]
    with tempfile.TemporaryDirectory() as folder:
        fp32, trial = Path(folder) / "model.fp32.onnx", Path(folder) / "trial.onnx"
        export_fp32(candidate, fp32)
        one = quantize.model_copy(update={"profiles": (profile,)})
        graph = one.graphs(fp32, candidate, context.learn, context.progress)[profile]
        always = quantize.always_float(graph.model)
        inputs = judged_inputs(candidate, context.learn)[:_FRAMES]
        found = graph.layer_sqnr_db(inputs, context.progress, keep_float=always)
        order = sorted(found, key=lambda name: found[name])

        def quality(count: int) -> float:
            keep = with_activations(graph.model, always.union(order[:count]))
            onnx.save(graph.quantized(keep), trial)
            module = OnnxModule(trial, optimize=profile == "ort-cpu")
            reached = context.quality(candidate.with_module(module))
            context.progress.note(f"{count} of {len(order)} layers in float: {reached:.3f}")
            return reached

        return tuple(order[: _fewest(quality, len(order), context.least_quality)])


def _fewest(quality: Callable[[int], float], layers: int, least: float) -> int:
    """The least count with the quality that is wanted."""
    if reaches(quality(0), least):
        return 0
    low, high = 0, 1  # `low` is known to be too few
    while high < layers and not reaches(quality(high), least):
        low, high = high, 2 * high
    if high >= layers:
        high = layers - 1
        if high <= low or not reaches(quality(high), least):
            raise PassFailed(
                f"INT8 misses the quality of {least:.3f} that the budget asks for, even with all "
                "layers but one in float"
            )
    while high - low > 1:
        middle = (low + high) // 2
        if reaches(quality(middle), least):
            high = middle
        else:
            low = middle
    return high
