"""What the original model says of the frames that its students learn from."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.progress import Progress
from edge_compress.compress.torch_session import TorchSession
from edge_compress.inference.detector import Detector
from edge_compress.vision.detections import Detections
from edge_compress.vision.thresholds import Thresholds

CONFIDENCE = 0.05  # what the teacher half believes is worth learning too


class Teacher:
    """The original, asked once for each frame at its own input size."""

    def __init__(self, original: Candidate, learn: Frames, progress: Progress) -> None:
        self.original = original
        self._learn = learn
        self._progress = progress

    def __getstate__(self) -> dict[str, Any]:
        """For another process: what it has been asked so far, without the frames."""
        return {k: v for k, v in vars(self).items() if k not in ("_learn", "_progress")}

    @cached_property
    def detections(self) -> list[Detections]:
        """Its detections of each frame to learn from, in source pixels."""
        detector = self._detector()
        frames = self._progress.track(self._learn, "ask the original", len(self._learn))
        return [detector.detect(frame) for frame in frames]

    @cached_property
    def logits(self) -> torch.Tensor:
        """Its raw first output for each frame to learn from, float32 [frames, classes]."""
        detector = self._detector()
        frames = self._progress.track(self._learn, "ask the original", len(self._learn))
        rows: list[NDArray[np.float32]] = [
            detector.infer(detector.preprocess(frame)[0])[0] for frame in frames
        ]
        return torch.from_numpy(np.concatenate(rows))

    def _detector(self) -> Detector:
        original = self.original
        session = TorchSession(original)
        thresholds = Thresholds(confidence=CONFIDENCE)
        return Detector(session, original.input, original.head, original.labels, thresholds)
