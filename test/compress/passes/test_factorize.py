"""Low rank: what is kept, and that it is really faster or smaller."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from digits import (
    STILL,
    Cnn,
    Mlp,
    accuracy,
    candidate_of,
    context_for,
    copied,
    trained,
)
from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import KeepZeros, constrain, constrained_layers
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.export import export_fp32
from edge_compress.compress.footage import Frames
from edge_compress.compress.footage_source import FootageError
from edge_compress.compress.layer_names import LayerPatternError
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes import Factorize
from edge_compress.compress.progress import Silent
from edge_compress.compress.target import Target
from edge_compress.compress.training.schedule import Schedule

FIRST = ("1",)  # the MLP's first linear layer


class Notes(Silent):
    """Remembers what was noted."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


def _first(rank: int, **settings) -> Candidate:
    settings = {"include": FIRST, "keep": "smaller", **settings}
    candidate = trained(Mlp)
    return Factorize(rank=rank, **settings).run(candidate, context_for(candidate))


def _run_onnx(candidate: Candidate, path, images: torch.Tensor) -> np.ndarray:
    export_fp32(candidate, path)
    session = onnxruntime.InferenceSession(path)
    return session.run(None, {candidate.input.name: images.numpy()})[0]


def test_rank_32_of_the_first_layer_keeps_the_digits_and_rank_2_does_not():
    before = accuracy(trained(Mlp))
    assert accuracy(_first(32)) > before - 0.01
    assert accuracy(_first(2)) < before - 0.2


def test_the_rank_is_what_was_asked_for():
    layer = trained(Mlp).module.get_submodule("module.1")
    for by_activations in (False, True):
        made = _first(20, by_activations=by_activations)
        thin, wide = made.module.get_submodule("module.1")
        assert [tuple(f.weight.shape) for f in (thin, wide)] == [(20, 784), (100, 20)]
        product = (wide.weight @ thin.weight).detach()
        assert torch.linalg.matrix_rank(product, rtol=1e-4) == 20
        params = params_and_macs(made.module, made.input)[0]
        saved = layer.weight.numel() - 20 * (784 + 100)
        assert params == params_and_macs(trained(Mlp).module, made.input)[0] - saved


def test_activations_say_better_than_weights_what_matters():
    by_weights = [accuracy(_first(rank, by_activations=False)) for rank in (2, 4, 8)]
    by_activations = [accuracy(_first(rank)) for rank in (2, 4, 8)]
    assert np.mean(by_activations) > np.mean(by_weights)
    assert accuracy(_first(32)) >= accuracy(_first(32, by_activations=False)) - 0.005


def test_more_energy_means_more_rank():
    ranks = []
    for share in (0.3, 0.8, 0.97):
        made = _first(None, share=share)
        ranks.append(made.module.get_submodule("module.1.0").out_features)
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 3
    assert all(rank % 4 == 0 for rank in ranks), "the target's channel step"


def test_parameters_and_full_rank_are_shares_of_the_layer():
    by_parameters = _first(None, by="parameters", share=0.5).module.get_submodule("module.1")
    assert 0.4 < sum(f.weight.numel() for f in by_parameters) / 78400 <= 0.5
    by_rank = _first(None, by="full_rank", share=0.5).module.get_submodule("module.1")
    assert by_rank[0].out_features == 48


@pytest.mark.parametrize("convolutions", ["channel", "spatial", "tucker"])
def test_convolutions_become_thin_in_the_exported_file(convolutions, tmp_path):
    candidate = trained(Cnn)
    notes = Notes()
    made = Factorize(
        convolutions=convolutions,
        by="parameters",
        share=0.6,
        include=("3",),
        keep="smaller",
    ).run(candidate, context_for(candidate, progress=notes))
    assert len(notes.lines) == 1
    assert "module.3: " in notes.lines[0]
    assert (
        params_and_macs(made.module, made.input)[0]
        < params_and_macs(candidate.module, made.input)[0]
    )
    assert accuracy(made) > 0.6
    images = torch.rand(1, 3, 28, 28)
    found = _run_onnx(made, tmp_path / "thin.onnx", images)
    assert found.shape == (1, 10)
    assert np.allclose(found, made.module(images)[0].detach().numpy(), atol=1e-4)
    shapes = {
        tuple(initializer.dims)[2:]
        for initializer in _initializers(tmp_path / "thin.onnx")
        if len(initializer.dims) == 4
    }
    assert (
        shapes
        == {
            "channel": {(3, 3), (1, 1)},
            "spatial": {(3, 3), (3, 1), (1, 3)},
            "tucker": {(3, 3), (1, 1)},
        }[convolutions]
    )


def _initializers(path):
    import onnx

    return onnx.load(path).graph.initializer


class Wide(nn.Sequential):
    """Two convolutions of 256 channels at 14 x 14, and a classifier."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 256, 2, stride=2),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(256, 10),
        )


def test_a_layer_that_low_rank_slows_down_stays_as_it_is():
    """0.83 times the work and 1.3 times the time: two thin convolutions move more than one."""
    torch.manual_seed(0)
    convs = nn.Conv2d(3, 16, 1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1)
    candidate = candidate_of(nn.Sequential(*convs, nn.Flatten(), nn.Linear(12544, 10)))
    context = context_for(candidate)
    settings = {"rank": 12, "include": ("2",), "by_activations": False}
    with pytest.raises(PassFailed, match=r"module.2: not faster: channel .* 0.83x the weights"):
        Factorize(**settings).run(candidate, context)
    smaller = replace(context, target=Target(optimize="size"))
    made = Factorize(**settings).run(candidate, smaller)
    assert len(made.module.get_submodule("module.2")) == 2


def test_a_layer_that_is_faster_is_kept_and_the_model_is_faster():
    torch.manual_seed(0)
    candidate = candidate_of(Wide())
    context = context_for(candidate)
    made = Factorize(rank=16, include=("2",), by_activations=False).run(candidate, context)
    assert context.latency_ratio(made, candidate) < 0.9


def test_by_latency_the_layer_takes_the_share_of_its_time():
    torch.manual_seed(0)
    candidate, notes = candidate_of(Wide()), Notes()
    context = context_for(candidate, progress=notes, target=Target(channel_step=16))
    made = Factorize(by="latency", share=0.5, include=("2",), by_activations=False).run(
        candidate, context
    )
    rank = made.module.get_submodule("module.2.0").out_channels
    assert rank % 16 == 0
    assert 16 <= rank <= 160
    assert context.latency_ratio(made, candidate) < 0.95


def test_the_candidate_stays_as_it_was_and_grouped_layers_too():
    module = nn.Sequential(
        nn.Conv2d(3, 12, 3, groups=3, padding=1), nn.Flatten(), nn.Linear(9408, 10)
    )
    candidate = candidate_of(module)
    before = copy.deepcopy(candidate.module.state_dict())
    made = Factorize(rank=4, keep="smaller", by_activations=False).run(
        candidate, context_for(candidate)
    )
    assert isinstance(made.module.get_submodule("module.0"), nn.Conv2d)
    assert isinstance(made.module.get_submodule("module.2"), nn.Sequential)
    assert all(torch.equal(before[k], v) for k, v in candidate.module.state_dict().items())


def test_a_layer_used_twice_is_replaced_in_both_places():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = self.second = nn.Linear(784, 784)
            self.last = nn.Linear(784, 10)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.last(self.second(self.first(images[:, 0].flatten(1)).relu()))

    candidate = candidate_of(Twice())
    made = Factorize(rank=8, keep="smaller", include=("first",), by_activations=False).run(
        candidate, context_for(candidate)
    )
    assert made.module.get_submodule("module.first") is made.module.get_submodule("module.second")
    assert isinstance(made.module.get_submodule("module.second"), nn.Sequential)


def test_a_thin_layer_forgets_what_the_whole_one_was_bound_to():
    candidate = copied(trained(Mlp))
    layer = candidate.module.get_submodule("module.1")
    with torch.no_grad():
        layer.weight[layer.weight.abs() < 0.01] = 0
    constrain(layer, KeepZeros())
    made = Factorize(rank=16, keep="smaller", include=FIRST).run(candidate, context_for(candidate))
    assert not constrained_layers(made.module)
    assert accuracy(made) > 0.8


def test_training_afterwards_mends_it():
    rough = _first(3)
    schedule = Schedule(epochs=4, learning_rate=2e-3, batch_size=64, augmentation=STILL)
    mended = _first(3, recovery=schedule)
    assert accuracy(mended) > accuracy(rough) + 0.1
    assert mended.module.get_submodule("module.1.0").out_features == 3


def test_what_cannot_be_is_told_before_any_work():
    candidate = trained(Mlp)
    context = context_for(candidate)
    with pytest.raises(LayerPatternError, match="'conv\\*' fits no layer"):
        Factorize(include=("conv*",)).check(candidate, context)
    nothing = replace(context, learn=Frames.of([]))
    with pytest.raises(FootageError, match="no frames to watch"):
        Factorize().check(candidate, nothing)
    Factorize(by_activations=False).check(candidate, nothing)
    for bad in ({"share": 1.0}, {"share": 0.0}, {"rank": 0}, {"by": "luck"}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            Factorize(**bad)


def test_nothing_to_gain_is_told_with_the_reason():
    candidate = trained(Mlp)
    context = context_for(candidate)
    with pytest.raises(PassFailed, match="rank 90 of 100 would have 1.01x its weights"):
        Factorize(rank=90, include=FIRST, keep="smaller").run(candidate, context)
    with pytest.raises(PassFailed, match="'gone' fits no layer"):
        Factorize(include=("gone",)).run(candidate, context)
    bare = candidate_of(nn.Sequential(nn.AvgPool2d(28), nn.Flatten(), nn.BatchNorm1d(3)))
    with pytest.raises(PassFailed, match="no linear layer and no convolution"):
        Factorize().run(bare, context)


@pytest.mark.slow
@pytest.mark.parametrize("convolutions", ["channel", "spatial", "tucker"])
def test_yolox_nano_gets_thin(convolutions, yolox_nano, street, make_context, tmp_path):
    small = yolox_nano.with_input(192, 256)
    context = make_context(small, street)
    made = Factorize(convolutions=convolutions, share=0.98, keep="smaller").run(small, context)
    params, macs = params_and_macs(small.module, small.input)
    fewer_params, fewer_macs = params_and_macs(made.module, made.input)
    assert fewer_params < 0.9 * params
    assert fewer_macs < 0.97 * macs
    assert context.quality(made) > 0.6
    images = torch.rand(1, 3, 192, 256) * 255
    found = _run_onnx(made, tmp_path / "thin.onnx", images)
    wanted = made.module(images)[0].detach().numpy()
    assert np.allclose(found, wanted, atol=1e-3 * np.abs(wanted).max())
