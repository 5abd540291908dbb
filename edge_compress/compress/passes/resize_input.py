"""Match the input's shape to the camera, and make it as small as agreement allows."""

from __future__ import annotations

import statistics
from typing import Literal

import torch

from edge_compress.compress.agreement import FOUND_SCORE, agreement_ap50, agreement_top1
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.parameter import tunable
from edge_compress.compress.pass_base import Context, Pass, PassFailed
from edge_compress.compress.torch_session import TorchSession
from edge_compress.inference.detector import Detector
from edge_compress.vision.thresholds import Thresholds

TRIED_FRAMES = 100


class ResizeInput(Pass):
    """Take the smallest input of the camera's aspect ratio that still agrees with the original.

    Time falls with the number of pixels, and a square input for a wide camera is padding to a
    quarter and more. The size is chosen on the frames to learn from; no weight is changed.
    """

    kind: Literal["resize_input"] = "resize_input"
    min_agreement: float = tunable(
        0.9,
        ge=0,
        le=1,
        search=(0.7, 0.98),
        description="agreement with the original, 0-1, that the smaller input must keep",
    )
    multiple: int = tunable(32, gt=0, description="sides are multiples of this: the largest stride")
    smallest: float = tunable(
        0.2, gt=0, le=1, description="share of the original's pixels below which nothing is tried"
    )

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate at the size found.

        Raises:
            PassFailed: when no other size keeps the agreement, or the model is bound to its size.
        """
        step = max(1, len(context.learn) // TRIED_FRAMES)
        places = range(0, len(context.learn), step)
        frames = context.learn.subset(places)
        reference = [context.teacher.detections[i] for i in places]
        sizes = self._sizes(candidate, frames)
        kept: Candidate | None = None
        best = 0.0
        for height, width in context.progress.track(sizes, "try input sizes", len(sizes)):
            smaller = candidate.with_input(height, width)
            found = [self._detector(smaller).detect(frame) for frame in frames]
            if candidate.task == "classification":
                agreement = agreement_top1(reference, found)
            else:
                agreement = agreement_ap50(reference, found).ap50
            context.progress.note(f"input {width}x{height}: agreement {agreement:.3f}")
            best = max(best, agreement)
            if agreement >= self.min_agreement:
                kept = smaller
        if kept is None:
            raise PassFailed(
                f"no smaller input keeps `min_agreement` {self.min_agreement}: "
                f"the best of {len(sizes)} sizes has {best:.3f}"
            )
        return kept

    def _sizes(self, candidate: Candidate, frames: Frames) -> list[tuple[int, int]]:
        """Sizes (height, width) of fewer pixels than now, largest first."""
        spec = candidate.input
        aspect = statistics.median(frame.shape[0] / frame.shape[1] for frame in frames)
        pixels = spec.height * spec.width
        sizes = []
        for width in range(max(spec.width, spec.height), 0, -self.multiple):
            height = max(1, round(width * aspect / self.multiple)) * self.multiple
            if self.smallest * pixels <= height * width < pixels:
                sizes.append((height, width))
        if not sizes:
            raise PassFailed(f"there is no smaller size in multiples of {self.multiple}")
        self._check_free(candidate.with_input(*sizes[-1]))
        return sizes

    @staticmethod
    def _check_free(candidate: Candidate) -> None:
        spec = candidate.input
        try:
            with torch.no_grad():
                candidate.module(torch.zeros(1, 3, spec.height, spec.width))
        except (RuntimeError, ValueError) as error:
            raise PassFailed(
                f"the model is bound to its input size: {spec.width}x{spec.height} fails with "
                f"{str(error).splitlines()[0]}"
            ) from error

    @staticmethod
    def _detector(candidate: Candidate) -> Detector:
        return Detector(
            TorchSession(candidate),
            candidate.input,
            candidate.head,
            candidate.labels,
            Thresholds(confidence=FOUND_SCORE),
        )
