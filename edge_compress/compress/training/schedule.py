"""How long, how fast and on what a student learns."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.parameter import tunable


class Augmentation(StrictModel):
    """How much a frame is varied each time it is shown."""

    mirror: bool = Field(True, description="left and right are swapped half of the time")
    shift: float = tunable(
        1 / 16,
        ge=0,
        le=0.5,
        description="largest move, as a share: across of the input's width, down of its height",
    )
    contrast: float = tunable(0.15, ge=0, lt=1, description="largest change, as a share")
    brightness: float = tunable(10.0, ge=0, le=255, description="largest change, of 255")


class Schedule(StrictModel):
    """An optimizer with a short linear warm-up, then a cosine decay to zero.

    Loshchilov and Hutter, arXiv:1711.05101 (AdamW) and arXiv:1608.03983 (cosine); Polyak and
    Juditsky, 1992 (averaged weights).
    """

    epochs: int = tunable(8, ge=1, search=(1, 40), description="times that every frame is shown")
    optimizer: Literal["adamw", "sgd"] = tunable(
        "adamw", search=("adamw", "sgd"), description="sgd has Nesterov's momentum"
    )
    learning_rate: float = tunable(
        1e-3, gt=0, le=1, search=(1e-4, 3e-3), log=True, description="highest step"
    )
    momentum: float = tunable(0.9, ge=0, lt=1, description="of sgd")
    batch_size: int = tunable(16, ge=1, description="frames a step")
    weight_decay: float = tunable(1e-4, ge=0, description="decoupled of AdamW, L2 of sgd")
    augmentation: Augmentation = Augmentation()
    ema: float | None = tunable(
        None, gt=0, lt=1, description="decay of an average of the weights, which is what is kept"
    )
    keep_best: bool = Field(
        False, description="keep the epoch that is best on the validation frames, not the last"
    )
    patience: int | None = tunable(
        None, ge=1, description="stop after so many epochs without a better one; keeps the best"
    )
    statistics: Literal["frozen", "updated"] | None = Field(
        None,
        description="of batch norm; unset: updated where the data are labelled, frozen for "
        "footage, since one place would bend them",
    )
