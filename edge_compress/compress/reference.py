"""The original's detections, kept in a file, since they are the same for every pass."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from edge_compress.vision.detections import Detections


def load_reference(path: Path) -> list[Detections] | None:
    """Read what `save_reference` wrote; None when it is not there or is damaged."""
    try:
        with np.load(path) as file:
            ends = np.cumsum(file["counts"])[:-1]
            labels = tuple(file["labels"].tolist())
            boxes, scores, ids = (
                np.split(file[name], ends) for name in ("boxes", "scores", "class_ids")
            )
    except (OSError, KeyError, ValueError, EOFError, BadZipFile):
        return None
    return [Detections(b, s, i, labels) for b, s, i in zip(boxes, scores, ids, strict=True)]


def save_reference(path: Path, reference: list[Detections]) -> None:
    """Write the detections of each frame, at least one frame; atomically."""
    buffer = BytesIO()
    np.savez(
        buffer,
        counts=np.array([len(one) for one in reference]),
        labels=np.array(reference[0].labels),
        boxes=np.concatenate([one.boxes for one in reference]),
        scores=np.concatenate([one.scores for one in reference]),
        class_ids=np.concatenate([one.class_ids for one in reference]),
    )
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(buffer.getvalue())
    temporary.rename(path)
