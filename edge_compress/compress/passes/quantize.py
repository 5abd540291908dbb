"""Static INT8 quantization, carried out when the model is exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import onnx
from pydantic import Field
from torch import nn

from edge_compress.bundle.schema import Profile
from edge_compress.compress.pass_base import Context, PassFailed, tunable
from edge_compress.compress.passes.export_pass import ExportPass, require_layers
from edge_compress.compress.quantization.calibration import Method, calibrate
from edge_compress.compress.quantization.cpu import reduces_range
from edge_compress.compress.quantization.fine_tune import FineTune, fine_tuned
from edge_compress.compress.quantization.judged import (
    check_exclude,
    inputs_of,
    judged_inputs,
    require_frames,
)
from edge_compress.compress.quantization.mixed import float_for_budget
from edge_compress.compress.quantization.parity import Tensors
from edge_compress.compress.quantization.prepare import prepare
from edge_compress.compress.quantization.regions import (
    matching,
    tail,
    weighted_nodes,
    with_activations,
)
from edge_compress.compress.quantization.static_int8 import StaticInt8, write_best
from edge_compress.compress.quantization.variants import QuantizedProfile, style

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.footage import Frames
    from edge_compress.compress.progress import Progress

_WEIGHTED_MODULES = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
_SENSITIVITY_FRAMES = 2
_CORRECTED_FRAMES = 32


class Quantize(ExportPass):
    """Post-training static INT8 as Q/DQ nodes, one file a target profile.

    The float model is left as it is; `export` writes the INT8 files beside it. What follows the
    last weighted layer of each path (the head's decode) always stays float. The defaults are what
    measured best on YOLOX-Nano: leaving the few most sensitive layers float took its agreement on
    people from AP50 .94 to .99, which no calibration method alone did. Whether INT8 is faster is
    the model's and the machine's affair: 2.5 times on a ResNet-18 with VNNI, and slower than FP32
    on YOLOX-Nano, whose SiLU has no INT8 kernel of its own.

    Jacob et al., arXiv:1712.05877; Nagel et al., arXiv:2106.08295.
    """

    kind: Literal["quantize"] = "quantize"
    profiles: tuple[QuantizedProfile, ...] = tunable(
        ("ort-cpu", "tensorrt"), description="a file is written for each", min_length=1
    )
    frames: int = tunable(
        64, description="calibration frames, spread over the footage", gt=0, search=(16, 256)
    )
    method: Method = tunable(
        "mean_minmax",
        description="how the range of an activation is chosen",
        search=("minmax", "mean_minmax", "percentile", "entropy", "mse"),
    )
    percentile: float = tunable(
        99.99, description="share of the values kept unclipped, in percent", gt=50, le=100
    )
    per_channel: bool = tunable(True, description="one weight scale for each output channel")
    float_below_db: float | None = tunable(
        20.0,
        description="layers that, quantized alone, leave an SQNR below this stay float; "
        "null skips the search for them",
        search=(10.0, 30.0),
    )
    mixed: Literal["sqnr", "budget"] = tunable(
        "sqnr",
        description="which sensitive layers stay float: those under `float_below_db`, or as few as "
        "keep the quality on the frames to choose by within the budget",
    )
    correct_bias: bool = tunable(
        True, description="biases make up for rounded weights, where that raises the SQNR"
    )
    fine_tune: FineTune = Field(
        FineTune(), description="train the float weights for 8 bits, and when"
    )
    float_predictions: bool = tunable(
        True, description="the last weighted layer before each output stays float"
    )
    reduce_range: bool | None = tunable(
        None, description="7-bit weights for ort-cpu; unset: where this CPU has no INT8 dot product"
    )
    exclude: tuple[str, ...] = tunable(
        (), description="shell-style patterns of ONNX node names that stay float"
    )
    min_sqnr_db: float = tunable(0.0, description="refuse a file with an SQNR below this")
    max_kernel_loss_db: float = tunable(
        3.0, description="refuse an ort-cpu file whose INT8 kernels lose more, in dB", ge=0
    )
    float_nodes: tuple[str, ...] = tunable(
        (), description="names of ONNX nodes that stay float; `mixed: budget` fills them in"
    )

    def check(self, candidate: Candidate, context: Context) -> None:
        """See that there are frames, and that each pattern fits a node.

        Raises:
            QuantizationError: naming the key.
        """
        require_frames(self.kind, context.learn)
        check_exclude(candidate, self.exclude)

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Plan the quantization, after training for it and choosing layers where that is asked for.

        Raises:
            QuantizationError: there is no footage to calibrate on.
            PassFailed: the model has no layer that can be quantized, cannot be trained, or misses
                the budget whatever stays float.
        """
        require_frames(self.kind, context.learn)
        require_layers(candidate, _WEIGHTED_MODULES, "convolution or linear layer")
        candidate = fine_tuned(candidate, self, context)
        if self.mixed == "sqnr":
            return self.planned(candidate, context)
        names = float_for_budget(self, candidate, context)
        return self.model_copy(update={"float_nodes": names}).planned(candidate, context)

    def export(
        self,
        fp32_path: Path,
        folder: Path,
        candidate: Candidate,
        frames: Frames,
        progress: Progress,
    ) -> dict[Profile, Path]:
        """Write ``model.<profile>.int8.onnx`` for each profile; see `ExportPlan.export`.

        Raises:
            QuantizationError: no frames, or an `exclude` pattern that fits no node.
            PassFailed: nothing is left to quantize, or a file does not pass the parity gate.
        """
        judged = judged_inputs(candidate, frames)
        files: dict[Profile, Path] = {}
        for profile, graph in self.graphs(fp32_path, candidate, frames, progress).items():
            path = folder / f"model.{profile}.int8.onnx"
            keep = self._kept_float(graph, profile, judged[:_SENSITIVITY_FRAMES], progress)
            fused = profile == "ort-cpu"  # this CPU's INT8 kernels say nothing of TensorRT's
            seen = inputs_of(candidate, frames, _CORRECTED_FRAMES) if self.correct_bias else None
            parity = write_best(graph, keep, path, fp32_path, judged, fused=fused, corrections=seen)
            fault = parity.fault(
                path.name, min_sqnr_db=self.min_sqnr_db, max_kernel_loss_db=self.max_kernel_loss_db
            )
            if fault is not None:
                raise PassFailed(fault)
            layers = weighted_nodes(graph.model)
            done = sum(node.name not in keep for node in layers)
            progress.note(f"{path.name}: {done} of {len(layers)} layers in INT8, {parity}")
            files[profile] = path
        return files

    def graphs(
        self, fp32_path: Path, candidate: Candidate, frames: Frames, progress: Progress
    ) -> dict[QuantizedProfile, StaticInt8]:
        """The exported graph with its activations' ranges, ready to be quantized, by profile.

        Raises:
            QuantizationError: no frames, or an `exclude` pattern that fits no node.
        """
        require_frames(self.kind, frames)
        model = prepare(onnx.load(fp32_path), patterns=self.exclude)
        styles = {name: style(name, reduce_range=self.reduces_range) for name in self.profiles}
        seen = calibrate(
            model,
            frames.spread(self.frames),
            candidate.input,
            progress,
            op_types=sorted({op for how in styles.values() for op in how.op_types}),
            method=self.method,
            percentile=self.percentile,
        )
        return {
            profile: StaticInt8(model, seen.ranges(symmetric=how.symmetric), how, self.per_channel)
            for profile, how in styles.items()
        }

    def always_float(self, model: onnx.ModelProto) -> set[str]:
        """Names of the nodes that stay float whatever they measure."""
        names = tail(model, with_predictions=self.float_predictions)
        return names | matching(model, self.exclude) | set(self.float_nodes)

    @property
    def reduces_range(self) -> bool:
        """Whether weights for ``ort-cpu`` have 7 bits."""
        return reduces_range(self.reduce_range)

    def _kept_float(
        self, graph: StaticInt8, profile: str, inputs: Tensors, progress: Progress
    ) -> set[str]:
        names = self.always_float(graph.model)
        if self.mixed == "sqnr" and self.float_below_db is not None:
            found = graph.layer_sqnr_db(inputs, progress, keep_float=names)
            names |= {name for name, sqnr in found.items() if not sqnr >= self.float_below_db}
        if all(node.name in names for node in weighted_nodes(graph.model)):
            raise PassFailed(f"{profile}: no layer is left to quantize")
        return with_activations(graph.model, names)
