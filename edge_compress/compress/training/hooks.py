"""What a pass does besides, while its student learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Hooks:
    """Called in every process that trains, each with its own copy of the module.

    They must leave all copies alike, and be picklable: no lambdas, no local functions.

    Attributes:
        penalty: added to the loss of each step.
        before_epoch: called with the epoch's number, from 0, such as to freeze a part.
        after_epoch: called with its number when it is over.
        after_step: called after each step of the optimizer, such as to keep zeros zero.
    """

    penalty: Callable[[nn.Module], Tensor] | None = None
    before_epoch: Callable[[int, nn.Module], None] | None = None
    after_epoch: Callable[[int, nn.Module], None] | None = None
    after_step: Callable[[nn.Module], None] | None = None
