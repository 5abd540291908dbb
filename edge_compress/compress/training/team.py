"""Who trains: one process alone, or several that share every batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from torch import Tensor, nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.training.lessons import Batch
from edge_compress.compress.training.objective import Objective

if TYPE_CHECKING:
    from edge_compress.compress.training.loop import Training


class Team(Protocol):
    """Whom the work of a training is shared with.

    Attributes:
        size: how many processes train.
    """

    size: int

    @contextmanager
    def sharing(self, training: Training) -> Iterator[None]:
        """Inside, all train; called by the process that leads."""
        ...

    def joined(self, module: nn.Module) -> nn.Module:
        """The module, such that its gradients are the mean of all processes'."""
        ...

    def loss(self, objective: Objective, learner: Candidate, batch: Batch) -> Tensor:
        """The loss of what is this process's of the batch; over all, the mean is the batch's."""
        ...

    def agreed(self, decide: Callable[[], bool]) -> bool:
        """What the process that leads decides, in all of them."""
        ...


class Alone:
    """One process, as it mostly is."""

    size = 1

    @contextmanager
    def sharing(self, training: Training) -> Iterator[None]:  # noqa: D102
        yield

    def joined(self, module: nn.Module) -> nn.Module:  # noqa: D102
        return module

    def loss(self, objective: Objective, learner: Candidate, batch: Batch) -> Tensor:  # noqa: D102
        return objective(learner, batch)

    def agreed(self, decide: Callable[[], bool]) -> bool:  # noqa: D102
        return decide()
