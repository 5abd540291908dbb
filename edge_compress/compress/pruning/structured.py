"""Channels cut step by step until the model costs what is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.pruning.blocks import Block, Scope, cutting_order, least_channels
from edge_compress.compress.pruning.channel_scores import channel_scores
from edge_compress.compress.pruning.channels import ChannelGroup, channel_groups, cut
from edge_compress.compress.pruning.criteria import Importance
from edge_compress.compress.pruning.evidence import Evidence
from edge_compress.compress.pruning.targets import Meter, fewest


class ChannelCut:
    """Cuts blocks of channels that matter least.

    The layers that may be cut, and how many of their channels must stay, are those of the start.
    """

    def __init__(
        self,
        groups: Sequence[ChannelGroup],
        importance: Importance,
        scope: Scope,
        step: int,
    ) -> None:
        """Remember the network as it is at first.

        Args:
            groups: that may be cut.
            importance: by which channels are ranked.
            scope: where they compete.
            step: of channel counts.
        """
        self._roots = [group.root for group in groups]
        self._before = {group.root: group.channels for group in groups}
        self._least = least_channels(groups)
        self._importance = importance
        self._scope = scope
        self._step = step

    def shrink(self, evidence: Evidence, wanted: float, left: Meter, told: str) -> Candidate:
        """A copy of the candidate that costs at most what is wanted, by the fewest blocks.

        Args:
            evidence: of the candidate.
            wanted: share of its cost at first.
            left: tells the share that is left.
            told: what was asked for, for the message.

        Raises:
            PassFailed: when even all blocks together are not enough.
        """
        student = evidence.candidate
        if left(student) <= wanted:
            return student
        order = self._order(evidence)

        def without(count: int) -> Candidate:
            return cut(student, _merged(order[:count]))

        count = fewest(len(order), lambda count: left(without(count)) <= wanted)
        if count is None:
            raise PassFailed(
                f"the layers cannot be cut to {told}: {left(without(len(order))):.3f} is the least "
                f"that they come to, with channels in steps of {self._step}"
            )
        return without(count)

    def _order(self, evidence: Evidence) -> list[Block]:
        found = {group.root: group for group in channel_groups(evidence.candidate)}
        groups = [found[root] for root in self._roots]
        scores = channel_scores(self._importance, evidence, groups, self._step)
        return cutting_order(
            groups,
            scores,
            step=self._step,
            least=self._least,
            before=self._before,
            scope=self._scope,
        )


def _merged(blocks: Sequence[Block]) -> dict[str, list[int]]:
    removed: dict[str, list[int]] = {}
    for root, channels in blocks:
        removed.setdefault(root, []).extend(channels)
    return removed
