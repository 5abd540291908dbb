"""How much a pruning pass is asked to take away, and what does not go together."""

from __future__ import annotations

from typing import NamedTuple

from edge_compress.compress.pruning.criteria import Importance
from edge_compress.compress.pruning.error import PruningError
from edge_compress.compress.pruning.targets import Measure

KEEP = 0.5  # when nothing is said
_OF_CHANNELS = ("apoz", "batch_norm")
_OF_DENSE_WORK = ("macs", "latency")


class Amount(NamedTuple):
    """How much stays or goes: at most one of the first three is given.

    Attributes:
        keep: share of the measure that stays.
        sparsity: share of the chosen layers' channels or weights that goes.
        budget: how many of them stay.
        measure: what `keep` is a share of.
    """

    keep: float | None = None
    sparsity: float | None = None
    budget: int | None = None
    measure: Measure | None = None

    @property
    def given(self) -> list[str]:
        """Which of the three are given."""
        names = ("keep", "sparsity", "budget")
        return [f"`{name}`" for name, value in zip(names, self, strict=False) if value is not None]

    @property
    def counts_parts(self) -> bool:
        """Whether channels or weights are counted, not what the model costs."""
        return self.sparsity is not None or self.budget is not None

    def share(self, total: int, what: str) -> float:
        """What stays in the end, as a share, 0-1.

        Args:
            total: how many parts the chosen layers have.
            what: they are, for the message.

        Raises:
            PruningError: when the budget is no cut.
        """
        if self.sparsity is not None:
            return 1 - self.sparsity
        if self.budget is None:
            return self.keep or KEEP
        if self.budget >= total:
            raise PruningError(
                f"`budget`: {self.budget} {what} are to stay, but the chosen layers have {total}"
            )
        return self.budget / total

    def asked(self, measure: Measure) -> str:
        """What was asked for, for messages; `measure` is the usual one."""
        if self.budget is not None:
            return f"a `budget` of {self.budget}"
        if self.sparsity is not None:
            return f"`sparsity` {self.sparsity}"
        return f"`keep` {self.keep or KEEP} of their {self.measure or measure}"


def pattern_of(granularity: str) -> tuple[int, int] | None:
    """n and m of 'n:m'; None for another granularity."""
    n, colon, m = granularity.partition(":")
    return (int(n), int(m)) if colon else None


def contradiction(granularity: str, importance: Importance | None, amount: Amount) -> str | None:
    """What is wrong with a combination, in one sentence; None when nothing is.

    Args:
        granularity: `channels`, `weights` or 'n:m'.
        importance: None for the usual one.
        amount: how much is to go.
    """
    given, measure = amount.given, amount.measure
    pattern = pattern_of(granularity)
    if pattern is not None:
        n, m = pattern
        if n >= m:
            return (
                f"`granularity`: of every {m} weights {n} would stay; give a larger second number"
            )
        if given or measure is not None:
            named = given[0] if given else "`measure`"
            return f"`granularity` {granularity} says how many weights stay; leave out {named}"
    if len(given) > 1:
        return f"{' and '.join(given)} both say how far to cut; give one of them"
    if measure is not None and given and given != ["`keep`"]:
        return f"`measure` says what `keep` is a share of; it does not go with {given[0]}"
    if granularity != "channels" and importance in _OF_CHANNELS:
        return f"`importance` {importance} judges channels, not the weights of {granularity}"
    if granularity == "weights" and measure in _OF_DENSE_WORK:
        return (
            f"`measure` {measure}: dense kernels multiply by zeros as by anything else; use "
            "`params` or `size`, or `granularity: channels`"
        )
    return None
