"""What every plan for a file of fewer bits sees to: frames to judge by, and patterns that fit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from numpy.typing import NDArray

from edge_compress.compress.export import export_fp32
from edge_compress.compress.quantization.error import QuantizationError
from edge_compress.compress.quantization.prepare import name_all_nodes
from edge_compress.compress.quantization.regions import check_patterns
from edge_compress.vision.preprocess import preprocess

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.footage import Frames

JUDGED_FRAMES = 8


def require_frames(kind: str, frames: Frames) -> None:
    """See that there is footage to calibrate on.

    Raises:
        QuantizationError: there is none.
    """
    if len(frames) == 0:
        raise QuantizationError(
            f"{kind}: there are no frames to calibrate on; give `data.learn` at least one frame"
        )


def inputs_of(candidate: Candidate, frames: Frames, wanted: int) -> Iterator[NDArray[np.float32]]:
    """At most so many frames from all over the footage, each float32 [1, 3, height, width]."""
    return (preprocess(frame, candidate.input)[0] for frame in frames.spread(wanted))


def judged_inputs(candidate: Candidate, frames: Frames) -> list[NDArray[np.float32]]:
    """The few frames that a file is compared with the float one on."""
    return list(inputs_of(candidate, frames, JUDGED_FRAMES))


def check_exclude(candidate: Candidate, patterns: Sequence[str]) -> None:
    """See that each pattern fits a node of the exported graph, before any long work.

    Raises:
        QuantizationError: naming the pattern, and what nodes are called.
        ExportError: when the model cannot be written as ONNX.
    """
    if not patterns:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export_fp32(candidate, path)
        model = onnx.load(path)
    name_all_nodes(model)
    check_patterns(model, patterns)
