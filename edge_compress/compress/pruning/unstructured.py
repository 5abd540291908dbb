"""Weights set to zero step by step: so many as are asked for, or n of every m."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.pruning.blocks import Scope
from edge_compress.compress.pruning.criteria import Importance
from edge_compress.compress.pruning.evidence import Evidence
from edge_compress.compress.pruning.nm import keep_pattern
from edge_compress.compress.pruning.targets import Meter, fewest
from edge_compress.compress.pruning.weights import (
    count_weights,
    masks,
    nm_masks,
    scored,
    without,
)

FINENESS = 128  # steps in which a file's size is sought


@dataclass(frozen=True)
class WeightCut:
    """Zeroes the weights that matter least.

    Attributes:
        names: of the layers.
        importance: by which weights are ranked.
        scope: where they compete.
    """

    names: Sequence[str]
    importance: Importance
    scope: Scope

    def shrink(self, evidence: Evidence, zeros: int, told: str) -> Candidate:
        """A copy of the candidate of whose layers' weights exactly `zeros` are zero.

        Args:
            evidence: of the candidate.
            zeros: how many, with those that are zero already.
            told: what was asked for, for the message.

        Raises:
            PassFailed: when the layers do not have so many weights.
        """
        total = count_weights(evidence.candidate, self.names)
        if zeros > total:
            raise PassFailed(
                f"the layers cannot be cut to {told}: {zeros} weights would have to go, "
                f"they have {total}"
            )
        scores = scored(self.importance, evidence, self.names)
        return without(evidence.candidate, masks(scores, zeros, self.scope))

    def shrink_until(self, evidence: Evidence, wanted: float, left: Meter, told: str) -> Candidate:
        """A copy of the candidate that costs at most what is wanted.

        Args:
            evidence: of the candidate.
            wanted: share of its cost at first.
            left: tells the share that is left.
            told: what was asked for, for the message.

        Raises:
            PassFailed: when even a network of zeros costs more.
        """
        scores = scored(self.importance, evidence, self.names)
        total = count_weights(evidence.candidate, self.names)

        def at(level: int) -> Candidate:
            zeros = round(total * level / FINENESS)
            return without(evidence.candidate, masks(scores, zeros, self.scope))

        level = fewest(FINENESS - 1, lambda level: left(at(level)) <= wanted)
        if level is None:
            raise PassFailed(
                f"zeros alone do not bring the model to {told}: {left(at(FINENESS - 1)):.3f} is "
                "the least that it comes to"
            )
        return at(level)

    def shrink_to_pattern(self, evidence: Evidence, n: int, m: int) -> Candidate:
        """A copy of the candidate in whose layers n of every m weights stay."""
        scores = scored(self.importance, evidence, self.names)
        module = evidence.candidate.module
        student = without(evidence.candidate, nm_masks(module, scores, n, m))
        for name in self.names:
            keep_pattern(student.module.get_submodule(name), n, m)
        return student
