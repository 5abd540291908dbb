"""Dynamic INT8 of linear layers, carried out when the model is exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import onnx
from torch import nn

from edge_compress.bundle.schema import Profile
from edge_compress.compress.pass_base import Context, PassFailed, tunable
from edge_compress.compress.passes.export_pass import ExportPass, require_layers
from edge_compress.compress.quantization.cpu import reduces_range
from edge_compress.compress.quantization.dynamic_int8 import dynamic_nodes, quantize_nodes
from edge_compress.compress.quantization.judged import check_exclude, judged_inputs
from edge_compress.compress.quantization.parity import measure_parity
from edge_compress.compress.quantization.prepare import prepare
from edge_compress.compress.quantization.regions import matching

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.footage import Frames
    from edge_compress.compress.progress import Progress


class QuantizeDynamic(ExportPass):
    """8-bit weights of linear layers; the range of their input is taken anew from each frame.

    No calibration is needed and nothing is clipped. Finding the range costs one pass over the
    input, which a matrix that is multiplied with one row per frame repays by reading a quarter of
    the bytes. Convolutions stay float: ONNX Runtime's ConvInteger has no fused kernel, so that
    range, rounding and rescaling of whole feature maps cost more than 8-bit products save; use
    `quantize` for them. Zafrir et al., "Q8BERT", arXiv:1910.06188, section 3 (dynamic ranges).
    """

    kind: Literal["quantize_dynamic"] = "quantize_dynamic"
    profiles: tuple[Literal["ort-cpu"], ...] = tunable(
        ("ort-cpu",), description="only ONNX Runtime on a CPU has these kernels", min_length=1
    )
    per_channel: bool = tunable(True, description="one weight scale for each output feature")
    reduce_range: bool | None = tunable(
        None, description="7-bit weights; unset: where this CPU has no INT8 dot product"
    )
    exclude: tuple[str, ...] = tunable(
        (), description="shell-style patterns of ONNX node names that stay float"
    )
    min_sqnr_db: float = tunable(10.0, description="refuse a file with an SQNR below this")
    max_kernel_loss_db: float = tunable(
        3.0, description="refuse a file whose INT8 kernels lose more, in dB", ge=0
    )

    def check(self, candidate: Candidate, context: Context) -> None:
        """See that each pattern fits a node.

        Raises:
            QuantizationError: naming the pattern.
        """
        check_exclude(candidate, self.exclude)

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Plan the quantization; nothing is computed yet.

        Raises:
            PassFailed: the model has no linear layer.
        """
        require_layers(candidate, (nn.Linear,), "linear layer")
        return self.planned(candidate, context)

    def export(
        self,
        fp32_path: Path,
        folder: Path,
        candidate: Candidate,
        frames: Frames,
        progress: Progress,
    ) -> dict[Profile, Path]:
        """Write ``model.ort-cpu.int8.onnx``; see `ExportPlan.export`.

        Raises:
            QuantizationError: an `exclude` pattern that fits no node.
            PassFailed: nothing is left to quantize, or the file does not pass the parity gate.
        """
        model = prepare(onnx.load(fp32_path), patterns=self.exclude)
        layers = dynamic_nodes(model)
        names = [name for name in layers if name not in matching(model, self.exclude)]
        path = folder / "model.ort-cpu.int8.onnx"
        done = quantize_nodes(
            model,
            names,
            path,
            per_channel=self.per_channel,
            reduce_range=reduces_range(self.reduce_range),
        )
        if not done:
            raise PassFailed(
                "no linear layer (MatMul or Gemm with constant weights) is left to quantize"
            )
        parity = measure_parity(fp32_path, path, judged_inputs(candidate, frames))
        fault = parity.fault(
            path.name,
            min_sqnr_db=self.min_sqnr_db,
            max_kernel_loss_db=self.max_kernel_loss_db,
            remedy="`per_channel: true` or a longer `exclude`",
        )
        if fault is not None:
            raise PassFailed(fault)
        progress.note(f"{path.name}: {done} of {len(layers)} linear layers in INT8, {parity}")
        return {"ort-cpu": path}
