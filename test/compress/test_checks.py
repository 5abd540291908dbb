"""Mistakes in passes are told before any long work."""

from __future__ import annotations

import pytest
from digits import Mlp, context_for, trained

from edge_compress.compress.checks import PassError, check_passes
from edge_compress.compress.passes import HalfWeights, Train
from edge_compress.compress.training.penalties import Sparsity


def test_the_message_names_the_pass_and_what_is_wrong():
    candidate = trained(Mlp)
    sparse = Train(sparsity=Sparsity(weights=1e-4, exclude=("head.*",)))
    with pytest.raises(PassError, match=r"`passes.1` \(train\): .*'head\.\*'"):
        check_passes([HalfWeights(), sparse], candidate, context_for(candidate))
    scales = Train(sparsity=Sparsity(batch_norm=1e-4))
    with pytest.raises(PassError, match=r"`passes.0` \(train\): .*no batch norm"):
        check_passes([scales], candidate, context_for(candidate))


class Replaces(HalfWeights):
    @property
    def replaces_layers(self):
        return True


def test_what_comes_after_new_layers_cannot_be_known_yet():
    sparse = Train(sparsity=Sparsity(weights=1e-4, exclude=("head.*",)))
    candidate = trained(Mlp)
    check_passes([Replaces(), sparse], candidate, context_for(candidate))
