"""A graph that computes in half precision, carried out when the model is exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import onnx

from edge_compress.bundle.schema import Profile
from edge_compress.compress.pass_base import Context, PassFailed, tunable
from edge_compress.compress.passes.export_pass import ExportPass
from edge_compress.compress.quantization.calibration import calibrate
from edge_compress.compress.quantization.half_graph import half_graph, too_large
from edge_compress.compress.quantization.judged import (
    check_exclude,
    judged_inputs,
    require_frames,
)
from edge_compress.compress.quantization.parity import measure_parity
from edge_compress.compress.quantization.prepare import prepare
from edge_compress.compress.quantization.regions import matching, tail, weighted_nodes
from edge_compress.compress.quantization.variants import QuantizedProfile

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.footage import Frames
    from edge_compress.compress.progress import Progress


class HalfPrecision(ExportPass):
    """Weights and arithmetic in FP16 for GPUs, which have units for it; half the file.

    TensorRT 10 and later take the precision from the graph alone, so it is written there. Input and
    output stay float32. What follows the last weighted layer of each path (the head's decode)
    stays in float32, since pixel coordinates have more than 11 significant bits, and so does
    whatever was seen to come near 65504, the largest number of IEEE 754 binary16. On a CPU ONNX
    Runtime computes in float32 all the same, with Casts in between (1.03 times as long for
    YOLOX-Nano); there `half_weights` saves the same bytes. Micikevicius et al., arXiv:1710.03740.
    """

    kind: Literal["half_precision"] = "half_precision"
    profiles: tuple[QuantizedProfile, ...] = tunable(
        (), description="a file is written for each; none: the target's own profile"
    )
    frames: int = tunable(16, description="frames in which large values are looked for", gt=0)
    exclude: tuple[str, ...] = tunable(
        (), description="shell-style patterns of ONNX node names that stay float32"
    )
    min_sqnr_db: float = tunable(30.0, description="refuse a file with an SQNR below this")

    def check(self, candidate: Candidate, context: Context) -> None:
        """See that there are frames, and that each pattern fits a node.

        Raises:
            QuantizationError: naming the key.
        """
        require_frames(self.kind, context.learn)
        check_exclude(candidate, self.exclude)

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Plan the conversion; nothing is computed yet."""
        plan = self if self.profiles else self.for_profiles((context.target.profile,))
        return plan.planned(candidate, context)

    def export(
        self,
        fp32_path: Path,
        folder: Path,
        candidate: Candidate,
        frames: Frames,
        progress: Progress,
    ) -> dict[Profile, Path]:
        """Write ``model.<profile>.fp16.onnx`` for each profile; see `ExportPlan.export`.

        Raises:
            QuantizationError: no frames, or an `exclude` pattern that fits no node.
            PassFailed: nothing is left to convert, or a file does not pass the parity gate.
        """
        require_frames(self.kind, frames)
        model = prepare(onnx.load(fp32_path), patterns=self.exclude)
        keep = tail(model, with_predictions=False) | matching(model, self.exclude)
        measured = calibrate(
            model,
            frames.spread(self.frames),
            candidate.input,
            progress,
            op_types=sorted({node.op_type for node in model.graph.node}),
            method="minmax",
        )
        large = too_large(model, measured.ranges())
        keep |= large
        layers = [node.name for node in weighted_nodes(model)]
        if keep.issuperset(layers):
            raise PassFailed("no layer is left that half precision can hold")
        result = half_graph(model, keep_float=keep)
        files: dict[Profile, Path] = {}
        for profile in self.profiles:
            path = folder / f"model.{profile}.fp16.onnx"
            onnx.save(result, path)
            files[profile] = path
        parity = measure_parity(fp32_path, path, judged_inputs(candidate, frames))
        fault = parity.fault(path.name, min_sqnr_db=self.min_sqnr_db, remedy="a longer `exclude`")
        if fault is not None:
            raise PassFailed(fault)
        done = sum(name not in keep for name in layers)
        progress.note(
            f"{path.name}: {done} of {len(layers)} layers in FP16, {parity}; "
            f"{len(large)} nodes stay float32 for their size"
        )
        return files
