"""N:M patterns."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from edge_compress.compress.pruning.nm import NmPattern, input_axis, nm_mask, obstacle


@given(
    m=st.integers(2, 8), data=st.data(), groups=st.integers(1, 4), kernel=st.sampled_from([1, 3])
)
def test_exactly_n_of_every_m_stay_and_the_highest(m, data, groups, kernel):
    n = data.draw(st.integers(1, m - 1))
    scores = torch.rand(3, m * groups, kernel, kernel)
    mask = nm_mask(scores, n, m, axis=1)
    lying = mask.movedim(1, -1).reshape(-1, m)
    assert (lying.sum(1) == n).all()
    given_scores = scores.movedim(1, -1).reshape(-1, m)
    lowest_kept = given_scores.masked_fill(~lying, 2).amin(1)
    highest_gone = given_scores.masked_fill(lying, -1).amax(1)
    assert (lowest_kept >= highest_gone).all()


@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(8, 3),
        nn.Conv2d(8, 3, 3),
        nn.Conv2d(16, 6, 3, groups=2),
        nn.ConvTranspose2d(8, 3, 2),
    ],
)
def test_the_row_is_that_of_the_input_channels(layer):
    assert obstacle(layer, 4) is None
    assert layer.weight.shape[input_axis(layer)] == 8


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (nn.Conv2d(3, 8, 3), "a kernel of 3 input channels is no multiple of 4"),
        (nn.Conv2d(8, 8, 3, groups=8), "a kernel of 1 input channels"),
        (nn.BatchNorm2d(8), "a BatchNorm2d has no weights of this kind"),
    ],
)
def test_a_layer_that_does_not_fit_says_why(layer, why):
    assert why in obstacle(layer, 4)


def test_a_pattern_is_made_anew_by_magnitude_where_it_fits():
    weight = torch.tensor([[1.0, -2, 3, -4, 0, 0, 0, 5]])
    assert NmPattern(2, 4, 1).applied(weight).tolist() == [[0, 0, 3, -4, 0, 0, 0, 5]]
    assert NmPattern(2, 4, 1).applied(weight[:, :6]).equal(weight[:, :6])
