"""How long and how fast a student learns."""

from __future__ import annotations

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.passes.parameter import tunable


class Schedule(StrictModel):
    """AdamW with a short linear warm-up, then a cosine decay to zero.

    Loshchilov and Hutter, arXiv:1711.05101 (AdamW) and arXiv:1608.03983 (cosine).
    """

    epochs: int = tunable(8, ge=1, search=(1, 40), description="times that every frame is shown")
    learning_rate: float = tunable(
        1e-3, gt=0, le=1, search=(1e-4, 3e-3), log=True, description="highest step of AdamW"
    )
    batch_size: int = tunable(16, ge=1, description="frames a step")
    weight_decay: float = tunable(1e-4, ge=0, description="decoupled, of AdamW")
