"""Footage without labels: a video, a folder of images, or a bag."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.data.classes import ModelClasses
from edge_compress.compress.data.config import Data, DataConfig
from edge_compress.compress.footage import Frames, open_footage
from edge_compress.compress.progress import Progress
from edge_compress.compress.recipe_path import RecipePath

CHOOSE_BY = 100  # frames are enough to choose by where none are kept apart


class FrameRange(StrictModel):
    """`count` frames from `start`, every `step`-th, numbered from 0."""

    start: int = Field(0, ge=0)
    count: int = Field(gt=0)
    step: int = Field(1, gt=0)

    @property
    def indices(self) -> range:
        """The frame numbers."""
        return range(self.start, self.start + self.count * self.step, self.step)


class FramesConfig(DataConfig):
    """Unlabelled footage: a part to learn from, and another that only measures."""

    format: Literal["frames"] = "frames"
    frames: RecipePath = Field(description="video file, folder of images, or bag")
    topic: str = Field("", description="of the bag; empty for its only one with images")
    learn: FrameRange
    held_out: FrameRange
    validation: float = Field(
        0.0, ge=0, le=0.5, description="share of `learn`, its end, that only chooses"
    )

    @model_validator(mode="after")
    def _ranges_are_apart(self) -> FramesConfig:
        shared = sorted(set(self.learn.indices) & set(self.held_out.indices))
        if shared:
            raise ValueError(
                f"`learn` and `held_out` share {len(shared)} frames, the first is {shared[0]}; "
                "what is learnt from cannot also judge: choose ranges that do not overlap"
            )
        return self

    def open(self, classes: ModelClasses, progress: Progress) -> Data:
        """Decode every frame.

        Raises:
            FootageError: naming the file and the key.
        """
        learn, held_out = open_footage(self, progress=progress)
        return Data(*kept_apart(learn, self.validation), held_out)


def kept_apart(learn: Frames, share: float) -> tuple[Frames, Frames]:
    """Frames to learn from and to choose by.

    The last ones are kept apart, and not some in between: neighbours in a video are nearly equal.
    """
    count = min(max(round(share * len(learn)), 1), len(learn) - 1) if share > 0 else 0
    if count == 0:
        return learn, some_of(learn)
    return learn[:-count], learn[-count:]


def some_of(learn: Frames) -> Frames:
    """Frames to choose by where none are kept apart."""
    return learn[:: max(1, len(learn) // CHOOSE_BY)]
