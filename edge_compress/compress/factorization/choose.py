"""Whether one layer is worth taking apart, and at which rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from torch import nn

from edge_compress.compress.factorization.decomposition import Decomposition
from edge_compress.compress.factorization.matrix import ChannelDecomposition, LinearSvd
from edge_compress.compress.factorization.ranks import (
    Ranks,
    ladder,
    largest,
    rank_by_energy,
    rounded_up,
)
from edge_compress.compress.factorization.spatial import SpatialDecomposition
from edge_compress.compress.factorization.tucker import TuckerDecomposition
from edge_compress.compress.stopwatch import layer_ratio
from edge_compress.compress.target import Target

FASTER = 0.98  # what a layer's own timing may be wrong by

By = Literal["energy", "parameters", "full_rank", "latency"]
Gain = Literal["faster", "smaller"]
Convolutions = Literal["channel", "spatial", "tucker"]
_KINDS: Mapping[Convolutions, type[Decomposition]] = {
    "channel": ChannelDecomposition,
    "spatial": SpatialDecomposition,
    "tucker": TuckerDecomposition,
}


def kind_for(layer: nn.Module, convolutions: Convolutions) -> type[Decomposition] | None:
    """How a layer is taken apart; None for one that is left alone, such as a grouped one."""
    if isinstance(layer, nn.Linear):
        return LinearSvd
    if not isinstance(layer, nn.Conv2d) or layer.groups != 1:
        return None
    # A kernel of one row or column has nothing to separate.
    return ChannelDecomposition if 1 in layer.kernel_size else _KINDS[convolutions]


class Verdict(NamedTuple):
    """What becomes of a layer: its factors, or None, and one sentence that says why."""

    factors: nn.Sequential | None
    why: str


@dataclass
class Chooser:
    """Chooses ranks and keeps factors only where they measure better.

    Attributes:
        by: what the rank is chosen by.
        share: of that, 0-1; see `Factorize`.
        rank: the same for every layer, instead of `by` and `share`.
        gain: what the factors must be, against the layer.
        target: what latency is measured for, and the step that ranks are multiples of.
    """

    by: By
    share: float
    rank: int | None
    gain: Gain
    target: Target
    _timed: dict[tuple[str, str, tuple[int, ...]], float] = field(default_factory=dict)

    def judge(self, layer: nn.Linear | nn.Conv2d, taken: Decomposition, shape: Ranks) -> Verdict:
        """Take the layer apart if that is worth it.

        Args:
            layer: as it is.
            taken: the same, taken apart.
            shape: of its input, with the batch of one in front.
        """
        ranks = self._ranks(layer, taken, shape)
        if ranks is None:
            return Verdict(None, f"no rank takes {self.share:g} of its {self.by} or less")
        weights = taken.parameters(ranks) / layer.weight.numel()
        named = f"{taken.name}, rank {_told(ranks)} of {_told(taken.full)}"
        if weights >= 1:
            return Verdict(None, f"{named} would have {weights:.2f}x its weights")
        factors = taken.build(ranks)
        ratio = self._ratio(factors, layer, shape)
        told = f"{named}, {weights:.2f}x the weights, {ratio:.2f}x the time"
        if self.gain == "faster" and ratio >= FASTER:
            return Verdict(None, f"not faster: {told}")
        return Verdict(factors, told)

    def _ranks(
        self, layer: nn.Linear | nn.Conv2d, taken: Decomposition, shape: Ranks
    ) -> Ranks | None:
        full, step = taken.full, self.target.channel_step
        if self.rank is not None:
            rank = self.rank
            return tuple(min(rank, most) for most in full)
        if self.by == "energy":
            spectra = taken.spectra
            return tuple(
                rounded_up(rank_by_energy(sigma, self.share), step, len(sigma)) for sigma in spectra
            )
        if self.by == "full_rank":
            return tuple(min(max(1, round(self.share * most / step)) * step, most) for most in full)
        choices = ladder(full, step)
        if self.by == "parameters":
            limit = self.share * layer.weight.numel()
            return largest(choices, lambda ranks: taken.parameters(ranks) <= limit)
        return largest(
            choices, lambda ranks: self._ratio(taken.build(ranks), layer, shape) <= self.share
        )

    def _ratio(self, factors: nn.Module, layer: nn.Module, shape: Ranks) -> float:
        """Measured once for all layers of the same shape, since values do not matter."""
        key = (repr(factors), repr(layer), shape)
        if key not in self._timed:
            self._timed[key] = layer_ratio(factors, layer, shape, self.target)
        return self._timed[key]


def _told(ranks: Ranks) -> str:
    return " and ".join(str(rank) for rank in ranks)
