"""Match the input's shape to the camera, and make it as small as agreement allows."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.input_sizes import (
    agreement_with,
    camera_aspect,
    check_free,
    height_for,
    sizes_below,
)
from edge_compress.compress.parameter import tunable
from edge_compress.compress.pass_base import Context, Pass, PassFailed

TRIED_FRAMES = 100


class ResizeInput(Pass):
    """Take the smallest input of the camera's aspect ratio that still agrees with the original.

    Time falls with the number of pixels, and a square input for a wide camera is padding to a
    quarter and more. The size is chosen on the frames to learn from, unless `width` says it; no
    weight is changed.
    """

    kind: Literal["resize_input"] = "resize_input"
    min_agreement: float = tunable(
        0.9,
        ge=0,
        le=1,
        search=(0.7, 0.98),
        description="agreement with the original, 0-1, that the smaller input must keep",
    )
    width: int | None = tunable(
        None,
        gt=0,
        description="in pixels, a multiple of `multiple`: this size, with the height that the "
        "camera's aspect asks for, instead of the smallest one with `min_agreement`",
    )
    multiple: int = tunable(32, gt=0, description="sides are multiples of this: the largest stride")
    smallest: float = tunable(
        0.2, gt=0, le=1, description="share of the original's pixels below which nothing is tried"
    )

    @model_validator(mode="after")
    def _width_is_a_multiple(self) -> ResizeInput:
        if self.width is not None and self.width % self.multiple:
            raise ValueError(
                f"`width` must be a multiple of {self.multiple} (`multiple`), got {self.width}"
            )
        return self

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate at the size found.

        Raises:
            PassFailed: when no other size keeps the agreement, or the model is bound to its size.
        """
        step = max(1, len(context.learn) // TRIED_FRAMES)
        places = range(0, len(context.learn), step)
        frames = context.learn.subset(places)
        aspect = camera_aspect(frames)
        if self.width is not None:
            resized = candidate.with_input(
                height_for(self.width, aspect, self.multiple), self.width
            )
            check_free(resized)
            return resized
        sizes = sizes_below(candidate.input, aspect, self.multiple, self.smallest)
        check_free(candidate.with_input(*sizes[-1]))
        reference = [context.teacher.detections[i] for i in places]
        kept: Candidate | None = None
        best = 0.0
        for height, width in context.progress.track(sizes, "try input sizes", len(sizes)):
            smaller = candidate.with_input(height, width)
            agreement = agreement_with(reference, smaller, frames)
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
