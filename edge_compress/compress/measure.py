"""A candidate's figures: what it agrees to, how large it is, and how fast it really runs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import Latency, Measurement, PredictedLatency, Profile
from edge_compress.compress.agreement import (
    FOUND_SCORE,
    Agreement,
    agreement_ap50,
    agreement_top1,
)
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.energy import energy_mj
from edge_compress.compress.exported import Exported
from edge_compress.compress.file_latency import FileLatency, Timed
from edge_compress.compress.footage import Frames
from edge_compress.compress.latency import timed_file
from edge_compress.compress.original import Original
from edge_compress.compress.progress import Progress
from edge_compress.compress.target import Target
from edge_compress.inference.detector import Detector
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.vision.detections import Detections
from edge_compress.vision.thresholds import Thresholds

AGREEMENT_OF = {"detection": "agreement_ap50", "classification": "agreement_top1"}


@dataclass(frozen=True)
class Figures:
    """What was measured of one candidate.

    Attributes:
        files: a measurement for each model file.
        deciding: the one of the file that the target would run.
        last_latency: of the last kept model, in the same run.
        ratio: median latency by the last kept model's, taken in turns; below 1 is faster.
        timed: whether it was the deciding file that was timed; without the target's runtime it is
            the float one.
    """

    files: Mapping[Profile, Measurement]
    deciding: Measurement
    last_latency: Latency
    ratio: float
    timed: bool = True

    @property
    def predicted(self) -> bool:
        """Whether latency comes from the target's device table and not from a clock."""
        return isinstance(self.last_latency, PredictedLatency)


class Bench:
    """Measures candidates against the original on held-out frames, in the runtime they will run in.

    Latency is only compared within one call, where the models take turns. Where the target is a
    device table, it is predicted from that.
    """

    def __init__(
        self, original: Original, held_out: Frames, target: Target, progress: Progress
    ) -> None:
        self._original = original
        self.frames = held_out
        self._target = target
        self._progress = progress
        self._reference: list[Detections] | None = None
        self._found: dict[str, list[Detections]] = {}
        self._agreements: dict[str, Agreement] = {}
        self._latency = FileLatency(target)
        self.provider = self._latency.provider

    @property
    def guessed(self) -> set[str]:
        """Operators that a prediction met and the device table does not have."""
        return self._latency.guessed

    @property
    def labelled(self) -> bool:
        """Whether accuracy is measured, against labels, and not agreement with the original."""
        return self.frames.truth is not None

    @property
    def reference(self) -> list[Detections]:
        """What is right of each held-out frame: its labels, or what the original sees."""
        if self.frames.truth is not None:
            return list(self.frames.truth)
        if self._reference is None:
            start = self._original.start
            self._reference = self.detect(start, start.files["fp32"])
        return self._reference

    @reference.setter
    def reference(self, known: Sequence[Detections]) -> None:
        self._reference = list(known)

    def measure(self, exported: Exported, last: Exported) -> Figures:
        """Measure every file of a candidate, and its latency against the last kept model's."""
        timed = self._timed(exported)
        original = self._original.whole.files["fp32"]
        latency, last_latency, ratio = self._latency.compared(original, self._timed(last), timed)
        measured = {
            profile: self.measurement(exported, profile, latency if path == timed else None)
            for profile, path in exported.files.items()
        }
        return Figures(
            files=measured,
            deciding=measured[exported.deciding(self._target)].with_latency(latency),
            last_latency=last_latency,
            ratio=ratio,
            timed=timed == exported.files[exported.deciding(self._target)],
        )

    def measurement(
        self, exported: Exported, profile: Profile, latency: Latency | None
    ) -> Measurement:
        """All figures of one file; latency only where it is known."""
        path, candidate = exported.files[profile], exported.candidate
        # What classes were left out of the whole model changes nothing of those that remain.
        agreed = self._original.start if exported is self._original.whole else exported
        agreement = self.agreement(agreed, agreed.files[profile]).ap50
        kind = "accuracy" if self.labelled else AGREEMENT_OF[candidate.task]
        params, macs = params_and_macs(candidate.module, candidate.input)
        measured = Measurement(size_bytes=path.stat().st_size, params=params, macs=macs)
        measured = measured.model_copy(update={kind: agreement})
        return measured if latency is None else measured.with_latency(latency)

    def agreement(self, exported: Exported, path: Path) -> Agreement:
        """Agreement of one file with labels or original; what was measured is not run again."""
        key = _hash(path)
        if key not in self._agreements:
            found = self.found(exported, path)
            if exported.candidate.task == "classification":
                self._agreements[key] = Agreement(agreement_top1(self.reference, found))
            else:
                self._agreements[key] = agreement_ap50(self.reference, found)
        return self._agreements[key]

    def found(self, exported: Exported, path: Path) -> list[Detections]:
        """What one file of a candidate sees in each held-out frame, with scores from 0.01."""
        key = _hash(path)
        if not self.labelled and key == _hash(self._original.start.files["fp32"]):
            return self.reference
        if key not in self._found:
            self._found = {key: self.detect(exported, path)}  # only the latest: they are many
        return self._found[key]

    def original_in(self, places: Sequence[int]) -> list[Detections]:
        """What the original sees in some of the held-out frames."""
        if not self.labelled:
            return [self.reference[i] for i in places]
        start = self._original.start
        return self.detect(start, start.files["fp32"], [self.frames[i] for i in places])

    def detect(
        self,
        exported: Exported,
        path: Path,
        frames: Sequence[NDArray[np.uint8]] | None = None,
    ) -> list[Detections]:
        """Run a file over frames, as the detector on the robot does; over all that are held out."""
        candidate = exported.candidate
        confidence = 0.0 if candidate.task == "classification" else FOUND_SCORE
        detector = Detector(
            OrtSession(path, threads=0, providers=(self.provider,)),
            candidate.input,
            candidate.head,
            candidate.labels,
            Thresholds(confidence=confidence),
        )
        frames = self.frames if frames is None else frames
        try:
            tracked = self._progress.track(frames, f"measure {path.name}", len(frames))
            return [detector.detect(frame) for frame in tracked]
        finally:
            detector.close()

    def latencies(self, exported: Exported) -> dict[str, Timed]:
        """Latency of the original and of the files that can be timed, in turns; or predicted."""
        paths: dict[str, Path] = {"original": self._original.whole.files["fp32"]}
        timed = {str(profile): file for profile, file in exported.files.items()}
        if self.provider == "cpu":
            timed.pop("tensorrt", None)
        return self._latency.each({**paths, **timed})

    def energy_mj(self, exported: Exported) -> float | None:
        """What one inference draws, where the budget asks for it."""
        if self._target.budget.energy_mj is None:
            return None
        return energy_mj(self._timed(exported), self._target)

    def _timed(self, exported: Exported) -> Path:
        return timed_file(exported, self._target)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
