"""How good a candidate is on frames that a pass may look at."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.agreement import FOUND_SCORE, agreement_ap50
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.torch_session import TorchSession
from edge_compress.compress.training.teacher import Teacher
from edge_compress.inference.detector import Detector
from edge_compress.vision.detections import Detections
from edge_compress.vision.preprocess import preprocess
from edge_compress.vision.thresholds import Thresholds

BATCH = 256


class Examiner:
    """Asks candidates about the same frames: against labels, or against what the teacher sees."""

    def __init__(self, frames: Frames, teacher: Teacher) -> None:
        self._frames = frames
        self._teacher = teacher
        self._inputs: dict[InputSpec, torch.Tensor] = {}

    def quality(self, candidate: Candidate) -> float:
        """Accuracy of a classifier, or AP50 of a detector; of labels or of the teacher; 0-1."""
        if candidate.task == "classification":
            return float((self._classes(candidate) == self._wanted_classes).mean())
        return agreement_ap50(self._wanted, self._seen(candidate)).ap50

    @cached_property
    def _wanted(self) -> tuple[Detections, ...] | list[Detections]:
        return self._frames.truth or self._seen(self._teacher.original)

    @cached_property
    def _wanted_classes(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        if self._frames.truth is None:
            return self._classes(self._teacher.original)
        return np.array([int(label.class_ids[0]) for label in self._frames.truth])

    def _classes(self, candidate: Candidate) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The best class of each frame, in batches: a classifier's frames are many and small."""
        spec = candidate.input
        if spec not in self._inputs:
            inputs = [torch.from_numpy(preprocess(frame, spec)[0]) for frame in self._frames]
            self._inputs = {spec: torch.cat(inputs)}  # only the latest: they are large
        module = candidate.module.eval()
        with torch.no_grad():
            best = [module(batch)[0].argmax(-1) for batch in self._inputs[spec].split(BATCH)]
        return torch.cat(best).numpy()

    def _seen(self, candidate: Candidate) -> list[Detections]:
        detector = Detector(
            TorchSession(candidate),
            candidate.input,
            candidate.head,
            candidate.labels,
            Thresholds(confidence=FOUND_SCORE),
        )
        return [detector.detect(frame) for frame in self._frames]
