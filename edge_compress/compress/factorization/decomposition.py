"""What each way of factorizing a layer offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from edge_compress.compress.factorization.moments import Moments
from edge_compress.compress.factorization.ranks import Ranks


class Decomposition(ABC):
    """One layer taken apart, from which a thin copy of any rank can be built.

    Attributes:
        spectra: the singular values of each mode, descending; one rank is chosen for each.
    """

    name: ClassVar[str]
    spectra: tuple[Tensor, ...]

    @staticmethod
    @abstractmethod
    def probe(layer: nn.Module, inputs: Tensor) -> tuple[Tensor, ...]:
        """What must be observed of the layer, [positions, features] each, for an input of it."""

    @abstractmethod
    def __init__(self, layer: nn.Module, moments: Sequence[Moments] | None = None) -> None:
        """Take a layer apart.

        Args:
            layer: stays as it is.
            moments: of what `probe` gives, to weigh directions by what the frames excite; None
                weighs them by the weights alone.
        """

    @property
    def full(self) -> Ranks:
        """The ranks at which nothing is lost."""
        return tuple(len(sigma) for sigma in self.spectra)

    @abstractmethod
    def parameters(self, ranks: Ranks) -> int:
        """How many weights the factors have; biases are left out."""

    @abstractmethod
    def build(self, ranks: Ranks) -> nn.Sequential:
        """The factors in a row, which take the layer's place."""
