"""The extras of a bundle: written, and compared with the ONNX file, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge_compress.bundle.checksums import file_sha256
from edge_compress.bundle.schema import Extra, ExtraFormat
from edge_compress.compress.export_targets.base import ExportTarget, first_line
from edge_compress.compress.export_targets.exported_program import ExportedProgram
from edge_compress.compress.export_targets.tflite import TfLite
from edge_compress.compress.export_targets.torchscript import TorchScript
from edge_compress.compress.exported import Exported
from edge_compress.compress.footage import Frames
from edge_compress.compress.half_storage import rounded
from edge_compress.compress.parity import compare
from edge_compress.compress.progress import Cancelled, Progress
from edge_compress.errors import EdgeCompressError
from edge_compress.inference.onnxruntime_session import OrtSession

ExportKind = Literal["onnx", "torchscript", "exported_program", "tflite"]

TARGETS: Mapping[ExtraFormat, ExportTarget] = {
    target.format: target for target in (TorchScript(), ExportedProgram(), TfLite())
}


@dataclass(frozen=True)
class Extras:
    """What was written beside the ONNX files.

    Attributes:
        files: for the manifest.
        paths: where they lie, by name.
        warnings: what could not be written, one sentence each.
    """

    files: tuple[Extra, ...]
    paths: Mapping[str, Path]
    warnings: tuple[str, ...]


def check_targets(kinds: Sequence[ExportKind]) -> None:
    """See before any long work that this machine can write each of them.

    Raises:
        ExportTargetError: with what to install.
    """
    for target in _targets(kinds):
        target.check()


def write_extras(
    kinds: Sequence[ExportKind],
    exported: Exported,
    folder: Path,
    frames: Frames,
    progress: Progress,
) -> Extras:
    """Write a file for each target. One that fails is left out, and a warning tells why.

    A model that took hours is not lost for an extra that cannot be written.

    Args:
        kinds: what the recipe asks for; ``onnx`` is there already.
        exported: the final model; its float file is what the extras are compared with.
        folder: where they go; made if it is not there.
        frames: to compare on.
        progress: where to report.
    """
    candidate = exported.candidate
    if candidate.half_weights:
        candidate = candidate.with_module(rounded(candidate.module))
    candidate.module.eval()
    folder.mkdir(exist_ok=True)
    files, paths, warnings = [], {}, []
    for target in _targets(kinds):
        path = folder / target.file
        try:
            target.write(candidate, path)
            expected = OrtSession(exported.files["fp32"], threads=1)
            try:
                compared = target.open(path, candidate)
                parity = compare(candidate, expected, compared, frames, target.file)
            finally:
                expected.close()
        except (OSError, Cancelled):
            raise
        except Exception as error:  # noqa: BLE001 - torch's and the converters' have no common base
            why = str(error) if isinstance(error, EdgeCompressError) else first_line(error)
            warnings.append(f"{target.file} is left out: {why}")
            progress.note(warnings[-1])
            continue
        progress.note(f"{target.file}: {parity}")
        size, digest = path.stat().st_size, file_sha256(path)
        files.append(Extra(file=target.file, format=target.format, sha256=digest, size_bytes=size))
        paths[target.file] = path
    return Extras(tuple(files), paths, tuple(warnings))


def _targets(kinds: Sequence[ExportKind]) -> list[ExportTarget]:
    return [TARGETS[kind] for kind in dict.fromkeys(kinds) if kind != "onnx"]
