"""Static INT8 quantization, carried out when the model is exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import onnx
from torch import nn

from edge_compress.bundle.schema import Profile
from edge_compress.compress.passes.base import Context, PassFailed, tunable
from edge_compress.compress.passes.export_pass import ExportPass, require_layers
from edge_compress.compress.quantization.calibration import Method, calibrate
from edge_compress.compress.quantization.cpu import has_int8_dot_product
from edge_compress.compress.quantization.error import QuantizationError
from edge_compress.compress.quantization.parity import Tensors, measure_parity
from edge_compress.compress.quantization.prepare import prepare
from edge_compress.compress.quantization.regions import (
    matching,
    tail,
    weighted_nodes,
    with_activations,
)
from edge_compress.compress.quantization.sensitivity import layer_sqnr_db
from edge_compress.compress.quantization.variants import (
    QdqStyle,
    QuantizedProfile,
    quantized,
    style,
)
from edge_compress.vision.preprocess import preprocess

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.footage import Frames
    from edge_compress.compress.progress import Progress

_WEIGHTED_MODULES = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
_JUDGED_FRAMES = 8
_SENSITIVITY_FRAMES = 2
_NO_FRAMES = "quantize: there are no frames to calibrate on; give `data.learn` at least one frame"


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
        search=("minmax", "mean_minmax", "percentile", "entropy"),
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

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Plan the quantization; nothing is computed yet.

        Raises:
            QuantizationError: there is no footage to calibrate on.
            PassFailed: the model has no layer that can be quantized.
        """
        if len(context.learn) == 0:
            raise QuantizationError(_NO_FRAMES)
        require_layers(candidate, _WEIGHTED_MODULES, "convolution or linear layer")
        return self.planned(candidate, context)

    def export(
        self,
        fp32_path: Path,
        folder: Path,
        candidate: Candidate,
        frames: Frames,
        progress: Progress,
    ) -> dict[Profile, Path]:
        """Write ``model.<profile>.int8.onnx`` for each profile.

        Args:
            fp32_path: the exported float graph.
            folder: where the files go.
            candidate: what was exported.
            frames: footage to calibrate on.
            progress: where to report.

        Raises:
            QuantizationError: no frames, or an `exclude` pattern that fits no node.
            PassFailed: nothing is left to quantize, or a file does not pass the parity gate.
        """
        if len(frames) == 0:
            raise QuantizationError(_NO_FRAMES)
        model = prepare(onnx.load(fp32_path), patterns=self.exclude)
        reduce = not has_int8_dot_product() if self.reduce_range is None else self.reduce_range
        styles = {profile: style(profile, reduce_range=reduce) for profile in self.profiles}
        ranges = calibrate(
            model,
            frames.subset(_spread(len(frames), self.frames)),
            candidate.input,
            progress,
            op_types=sorted({op for how in styles.values() for op in how.op_types}),
            method=self.method,
            percentile=self.percentile,
        )
        judged = [
            preprocess(frames[i], candidate.input)[0] for i in _spread(len(frames), _JUDGED_FRAMES)
        ]
        files: dict[Profile, Path] = {}
        for profile, how in styles.items():
            path = folder / f"model.{profile}.int8.onnx"
            keep = self._kept_float(model, profile, how, ranges, judged, progress)
            result = quantized(model, ranges, how, keep_float=keep, per_channel=self.per_channel)
            onnx.save(result, path)
            # This CPU's INT8 kernels say nothing of TensorRT's.
            parity = measure_parity(fp32_path, path, judged, fused=profile == "ort-cpu")
            fault = parity.fault(
                path.name,
                min_sqnr_db=self.min_sqnr_db,
                max_kernel_loss_db=self.max_kernel_loss_db,
            )
            if fault is not None:
                raise PassFailed(fault)
            layers = weighted_nodes(model)
            done = sum(node.name not in keep for node in layers)
            progress.note(f"{path.name}: {done} of {len(layers)} layers in INT8, {parity}")
            files[profile] = path
        return files

    def _kept_float(
        self,
        model: onnx.ModelProto,
        profile: QuantizedProfile,
        how: QdqStyle,
        ranges: Any,
        inputs: Tensors,
        progress: Progress,
    ) -> set[str]:
        names = tail(model, with_predictions=self.float_predictions)
        names |= matching(model, self.exclude)
        if self.float_below_db is not None:
            found = layer_sqnr_db(
                model,
                ranges,
                how,
                inputs[:_SENSITIVITY_FRAMES],
                progress,
                keep_float=names,
                per_channel=self.per_channel,
            )
            names |= {name for name, sqnr in found.items() if not sqnr >= self.float_below_db}
        if all(node.name in names for node in weighted_nodes(model)):
            raise PassFailed(f"{profile}: no layer is left to quantize")
        return with_activations(model, names)


def _spread(available: int, wanted: int) -> list[int]:
    """At most `wanted` indices, evenly over `available`."""
    count = min(available, wanted)
    return [index * available // count for index in range(count)]
