"""Each way of taking a layer apart."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from edge_compress.compress.factorization.matrix import ChannelDecomposition, LinearSvd
from edge_compress.compress.factorization.moments import Moments
from edge_compress.compress.factorization.spatial import SpatialDecomposition
from edge_compress.compress.factorization.tucker import TuckerDecomposition

CONVOLUTIONS = (ChannelDecomposition, SpatialDecomposition, TuckerDecomposition)
INPUT = (2, 12, 11, 14)


def _conv(seed: int = 0, **settings) -> nn.Conv2d:
    torch.manual_seed(seed)
    return nn.Conv2d(12, 20, **{"kernel_size": 3, **settings})


def _observed(kind, layer: nn.Module, inputs: torch.Tensor) -> list[Moments]:
    """The moments of what a decomposition wants to see."""
    found = kind.probe(layer, inputs)
    moments = [Moments() for _ in found]
    for moment, rows in zip(moments, found, strict=True):
        moment.add(rows)
    return moments


def _error(layer: nn.Module, other: nn.Module, inputs: torch.Tensor) -> float:
    """Squared error of the answers, as a share of their energy."""
    with torch.no_grad():
        wanted, got = layer(inputs), other(inputs)
    assert wanted.shape == got.shape
    return float((wanted - got).square().sum() / wanted.square().sum())


LAYOUTS = {
    "plain": {},
    "steps by two": {"stride": 2, "padding": 1},
    "uneven": {"kernel_size": (5, 3), "stride": (2, 1), "padding": (2, 0), "dilation": (1, 2)},
    "same": {"padding": "same"},
    "mirrored": {"padding": 1, "padding_mode": "reflect"},
    "no bias": {"bias": False},
}


@pytest.mark.parametrize("observed", [False, True], ids=["weights", "activations"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_at_full_rank_nothing_is_lost(kind, layout, observed):
    layer = _conv(**LAYOUTS[layout])
    inputs = torch.randn(INPUT)
    taken = kind(layer, _observed(kind, layer, inputs) if observed else None)
    row = taken.build(taken.full)
    assert torch.allclose(row(inputs), layer(inputs), atol=1e-4)


@pytest.mark.parametrize("observed", [False, True], ids=["weights", "activations"])
@pytest.mark.parametrize("shape", [(30, 12), (12, 30)])
def test_a_linear_layer_at_full_rank_loses_nothing(shape, observed):
    torch.manual_seed(0)
    layer, inputs = nn.Linear(*shape), torch.randn(64, shape[0])
    taken = LinearSvd(layer, _observed(LinearSvd, layer, inputs) if observed else None)
    assert taken.full == (12,)
    assert torch.allclose(taken.build((12,))(inputs), layer(inputs), atol=1e-5)


def test_the_rank_is_really_the_rank():
    torch.manual_seed(0)
    layer = nn.Linear(40, 30)
    thin, wide = LinearSvd(layer).build((7,))
    product = (wide.weight @ thin.weight).detach()
    assert torch.linalg.matrix_rank(product, rtol=1e-4) == 7
    assert [tuple(f.weight.shape) for f in (thin, wide)] == [(7, 40), (30, 7)]
    # Eckart and Young: no matrix of rank 7 is nearer.
    lost = torch.linalg.svdvals(layer.weight.detach())[7:].square().sum().sqrt()
    assert float(torch.linalg.norm(layer.weight.detach() - product)) == pytest.approx(
        float(lost), rel=1e-4
    )


def test_channel_decomposition_is_the_best_of_its_rank():
    layer = _conv()
    thin, wide = ChannelDecomposition(layer).build((5,))
    assert (thin.out_channels, thin.kernel_size, wide.kernel_size) == (5, (3, 3), (1, 1))
    product = (wide.weight.flatten(1) @ thin.weight.flatten(1)).detach()
    assert torch.linalg.matrix_rank(product, rtol=1e-4) == 5
    lost = torch.linalg.svdvals(layer.weight.detach().flatten(1))[5:].square().sum().sqrt()
    assert float(torch.linalg.norm(layer.weight.detach().flatten(1) - product)) == pytest.approx(
        float(lost), rel=1e-4
    )


def test_spatial_decomposition_goes_down_then_across():
    layer = _conv(stride=(2, 1), padding=1)
    down, across = SpatialDecomposition(layer).build((6,))
    assert (down.kernel_size, down.stride, down.padding) == ((3, 1), (2, 1), (1, 0))
    assert (across.kernel_size, across.stride, across.padding) == ((1, 3), (1, 1), (0, 1))
    assert (down.out_channels, across.in_channels) == (6, 6)


def test_tucker_narrows_convolves_and_widens():
    narrow, core, wide = TuckerDecomposition(_conv()).build((4, 6))
    assert [f.kernel_size for f in (narrow, core, wide)] == [(1, 1), (3, 3), (1, 1)]
    assert [(f.in_channels, f.out_channels) for f in (narrow, core, wide)] == [
        (12, 4),
        (4, 6),
        (6, 20),
    ]


def test_tucker_may_narrow_one_side_more_than_the_other_can_use():
    layer = nn.Conv2d(3, 5, (1, 2))
    row = TuckerDecomposition(layer).build((3, 1))
    assert [(f.in_channels, f.out_channels) for f in row] == [(3, 3), (3, 1), (1, 5)]
    assert torch.isfinite(row(torch.randn(1, 3, 4, 4))).all()


def test_tucker_by_hooi_is_nearer_than_by_hosvd(monkeypatch):
    from edge_compress.compress.factorization import tucker

    inputs, layer = torch.randn(INPUT), _conv()
    refined = _error(layer, TuckerDecomposition(layer).build((3, 3)), inputs)
    monkeypatch.setattr(tucker, "_SWEEPS", 0)
    rough = _error(layer, TuckerDecomposition(layer).build((3, 3)), inputs)
    assert refined < rough


@given(
    inputs=st.integers(2, 10),
    outputs=st.integers(2, 10),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    kind=st.sampled_from(CONVOLUTIONS),
    seed=st.integers(0, 5),
)
@settings(max_examples=30, deadline=None)
def test_parameters_are_counted_and_a_larger_rank_is_nearer(inputs, outputs, kernel, kind, seed):
    torch.manual_seed(seed)
    layer = nn.Conv2d(inputs, outputs, kernel, padding=1, bias=False)
    taken = kind(layer)
    errors = []
    for share in (0.3, 0.6, 1.0):
        ranks = tuple(max(1, int(full * share)) for full in taken.full)
        row = taken.build(ranks)
        assert sum(p.numel() for p in row.parameters()) == taken.parameters(ranks)
        whole = torch.eye(inputs).reshape(inputs, inputs, 1, 1)
        impulses = nn.functional.pad(whole, (4, 4, 4, 4))  # the answers are the kernels themselves
        errors.append(_error(layer, row, impulses))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-6


def _skewed(channels: int, count: int, seed: int) -> torch.Tensor:
    """Images whose channels hang together and have very different energy."""
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(channels, channels, generator=torch.Generator().manual_seed(99))
    mix *= torch.logspace(0, -2, channels)[None]
    noise = torch.randn(count, channels, 10, 10, generator=generator)
    smooth = nn.functional.avg_pool2d(noise, 3, 1, 1)
    return torch.einsum("ij,njhw->nihw", mix, smooth) + 0.5


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_what_the_frames_excite_is_kept(kind):
    """The weights are random, so that only the activations know what matters."""
    layer = _conv(padding=1)
    moments = _observed(kind, layer, _skewed(12, 32, seed=1))
    unseen = _skewed(12, 16, seed=2)
    ranks = tuple(full // 4 for full in kind(layer).full)
    blind = _error(layer, kind(layer).build(ranks), unseen)
    aware = _error(layer, kind(layer, moments).build(ranks), unseen)
    assert aware < 0.3 * blind


def test_the_mean_answer_is_kept_by_the_bias():
    torch.manual_seed(0)
    layer = nn.Linear(20, 20, bias=False)
    inputs = torch.randn(500, 20) + 5
    taken = LinearSvd(layer, _observed(LinearSvd, layer, inputs))
    row = taken.build((2,))
    assert torch.allclose(row(inputs).mean(0), layer(inputs).mean(0), atol=1e-3)


def test_a_layer_that_no_frame_excites_falls_back_to_its_weights():
    layer = _conv()
    for kind in CONVOLUTIONS:
        taken = kind(layer, _observed(kind, layer, torch.zeros(INPUT)))
        inputs = torch.randn(INPUT)
        assert _error(layer, taken.build(taken.full), inputs) < 1e-8


def test_the_factors_are_as_the_layer_was():
    layer = _conv().eval().half()
    layer.weight.requires_grad_(False)
    row = ChannelDecomposition(layer).build((4,))
    assert not row.training
    assert {p.dtype for p in row.parameters()} == {torch.float16}
    assert not any(p.requires_grad for p in row.parameters())
