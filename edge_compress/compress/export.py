"""From a candidate to the ONNX files that a robot runs."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch

from edge_compress.bundle.schema import Profile
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.half_storage import rounded, store_half
from edge_compress.compress.packing import pack
from edge_compress.compress.parity import check_parity
from edge_compress.compress.progress import Progress, Silent
from edge_compress.compress.rename import rename_values
from edge_compress.errors import EdgeCompressError

OPSET = 17  # TensorRT 8.5 (JetPack 5) and every ONNX Runtime since 1.12 read it


class ExportError(EdgeCompressError):
    """A model cannot be written as ONNX; the message says what stood in the way."""


def export(
    candidate: Candidate, folder: Path, frames: Frames, *, progress: Progress | None = None
) -> dict[Profile, Path]:
    """Write ``model.fp32.onnx`` and, where the candidate has a quantization, its variants.

    Args:
        candidate: what to export; its module is left in eval mode.
        folder: where the files go; made if it is not there.
        frames: to compare the exported graph on, and to calibrate quantization with.
        progress: where to report.

    Raises:
        ExportError: when torch cannot write the module as ONNX.
        ParityError: when ONNX Runtime computes something else than torch.
    """
    progress = progress or Silent()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.fp32.onnx"
    if candidate.half_weights:
        candidate = candidate.with_module(rounded(candidate.module))
    export_fp32(candidate, path)
    check_parity(candidate, path, frames)
    files: dict[Profile, Path] = {"fp32": path}
    if candidate.quantization is not None:
        files.update(candidate.quantization.export(path, folder, candidate, frames, progress))
    pack(path)
    if candidate.half_weights:
        store_half(path)
    return files


def export_fp32(candidate: Candidate, path: Path) -> None:
    """Write the float graph in one file, for a batch of one, with the candidate's names.

    The exporter that traces is used: it takes seconds, writes the graph that was imported node by
    node, and reads modules whose shapes are computed, which the one of torch.export refuses.

    Raises:
        ExportError: when torch cannot write the module as ONNX.
    """
    spec = candidate.input
    module = candidate.module.eval()
    parameter = next(module.parameters(), torch.zeros(0))
    example = torch.zeros(1, 3, spec.height, spec.width, device=parameter.device)
    # The exporter refuses names such as `1105`, which older exporters gave to outputs.
    names = {f"value_{i}": name for i, name in enumerate((spec.name, *candidate.output_names))}
    try:
        with warnings.catch_warnings(), torch.no_grad():
            # Tracing warns of every shape that it takes for fixed, which is what is wanted here.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                (example,),
                str(path),
                opset_version=OPSET,
                input_names=list(names)[:1],
                output_names=list(names)[1:],
                dynamo=False,
            )
        model = onnx.load(path)
        rename_values(model, names)
        onnx.checker.check_model(model)
        onnx.save(model, path)
    except OSError:  # a full disk is not the module's fault
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise ExportError(
            f"{path.name}: cannot be exported at opset {OPSET}: "
            f"{type(error).__name__}: {reason[0] if reason else ''}"
        ) from error
