"""Model files for other runtimes than ONNX Runtime and TensorRT, as extras of a bundle."""

from __future__ import annotations

from edge_compress.compress.export_targets.base import ExportTarget, ExportTargetError
from edge_compress.compress.export_targets.extras import (
    ExportKind,
    Extras,
    check_targets,
    write_extras,
)

__all__ = [
    "ExportKind",
    "ExportTarget",
    "ExportTargetError",
    "Extras",
    "check_targets",
    "write_extras",
]
