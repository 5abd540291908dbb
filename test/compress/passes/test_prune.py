"""Pruning channels: what is cut, how far, and what it costs."""

from __future__ import annotations

import functools

import numpy as np
import onnxruntime
import pytest
import torch
from digits import STILL, Cnn, Mlp, accuracy, candidate_of, context_for, load_digits, trained
from pydantic import ValidationError
from torch import nn

from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.export import export_fp32
from edge_compress.compress.layer_names import LayerPatternError
from edge_compress.compress.pass_base import Context, PassFailed
from edge_compress.compress.passes import Prune, Train
from edge_compress.compress.pruning.error import PruningError
from edge_compress.compress.pruning.targets import file_size
from edge_compress.compress.target import Target
from edge_compress.compress.training.penalties import Sparsity
from edge_compress.compress.training.schedule import Schedule
from edge_compress.vision.preprocess import preprocess

SHORT = Schedule(epochs=1, learning_rate=2e-3, batch_size=64, augmentation=STILL)


def few(teacher):
    """A context with fewer digits to learn from, for the tests that train."""
    return context_for(teacher, learn=load_digits().learn[:1200])


def channels(candidate) -> list[int]:
    return [
        layer.weight.shape[0]
        for layer in candidate.module.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]


def test_whole_channels_go_in_steps_with_recovery(tmp_path):
    whole = trained(Cnn)
    params, macs = params_and_macs(whole.module, whole.input)
    pruned = Prune(keep=0.5, steps=2, recovery=SHORT).run(whole, few(whole))
    fewer_params, fewer_macs = params_and_macs(pruned.module, pruned.input)
    assert 0.35 * macs < fewer_macs <= 0.5 * macs
    assert fewer_params < params
    assert all(count % 4 == 0 for count in channels(pruned)[:-1])
    assert params_and_macs(whole.module, whole.input) == (params, macs), "left as it was"
    assert accuracy(pruned) > accuracy(whole) - 0.03

    export_fp32(pruned, tmp_path / "pruned.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "pruned.onnx")
    images = preprocess(load_digits().held_out[0], pruned.input)[0]
    (found,) = session.run(None, {pruned.input.name: images})
    assert found.shape == (1, 10), "every class is still there"
    wanted = pruned.module(torch.from_numpy(images))[0].detach().numpy()
    assert np.allclose(found, wanted, atol=1e-4)


@functools.cache
def lasso():
    """A model of digits that was trained to need few of its 100 hidden units."""
    torch.manual_seed(0)
    candidate = candidate_of(Mlp())
    schedule = Schedule(epochs=8, learning_rate=3e-3, batch_size=64, augmentation=STILL)
    pass_ = Train(schedule=schedule, sparsity=Sparsity(channels=1e-3))
    return pass_.run(candidate, context_for(candidate))


@functools.cache
def quality(importance: str, seed: int) -> float:
    """At once and without recovery, so that nothing but the choice decides."""
    pass_ = Prune(importance=importance, sparsity=0.5, steps=1, recovery=None)
    return accuracy(pass_.run(lasso(), context_for(lasso(), seed=seed)))


@pytest.mark.slow
@pytest.mark.parametrize("importance", ["taylor", "l1", "l2", "activation", "sensitivity"])
def test_every_criterion_finds_the_channels_that_training_has_emptied(importance):
    chance = [quality("random", seed) for seed in range(4)]
    chosen = [quality(importance, seed) for seed in range(2)]
    assert min(chosen) > max(chance) + 0.1
    assert min(chosen) > accuracy(lasso()) - 0.05


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        ({"sparsity": 0.5, "scope": "layer"}, [8, 16, 10]),
        ({"budget": 24, "scope": "layer"}, [8, 16, 10]),
        ({"sparsity": 0.25, "scope": "layer", "exclude": ("3",)}, [12, 32, 10]),
        ({"sparsity": 0.75, "include": ("3",)}, [16, 8, 10]),
    ],
)
def test_layers_have_as_many_channels_as_were_asked_for(settings, counts):
    whole = trained(Cnn)
    pruned = Prune(importance="l1", steps=1, recovery=None, **settings).run(
        whole, context_for(whole)
    )
    assert channels(pruned) == counts


def test_the_targets_step_decides_on_channel_counts():
    whole = trained(Cnn)
    for step in (2, 8):
        context = context_for(whole, target=Target(channel_step=step))
        pruned = Prune(importance="l1", sparsity=0.4, steps=1, recovery=None).run(whole, context)
        assert all(count % step == 0 for count in channels(pruned)[:-1])


@pytest.mark.parametrize("measure", ["macs", "params", "size"])
def test_a_cost_is_brought_down_to_what_is_kept_and_not_much_further(measure):
    whole = trained(Cnn)
    context = context_for(whole, target=Target(channel_step=1))
    pruned = Prune(importance="l1", measure=measure, keep=0.6, steps=1, recovery=None).run(
        whole, context
    )
    (params, macs), (fewer_params, fewer_macs) = (
        params_and_macs(c.module, c.input) for c in (whole, pruned)
    )
    left = {
        "macs": fewer_macs / macs,
        "params": fewer_params / params,
        "size": file_size(pruned, context) / file_size(whole, context),
    }
    assert 0.54 < left[measure] <= 0.6


@pytest.mark.slow
def test_latency_is_brought_down_as_it_is_measured(monkeypatch):
    measured = {}
    measure = Context.latency_ratio

    def remembered(context, candidate, base):
        ratio = measure(context, candidate, base)
        measured[tuple(channels(candidate))] = ratio
        return ratio

    monkeypatch.setattr(Context, "latency_ratio", remembered)
    wide = candidate_of(Cnn(64))
    context = context_for(wide, target=Target(channel_step=16))
    pruned = Prune(importance="l1", measure="latency", keep=0.6, steps=1, recovery=None).run(
        wide, context
    )
    assert measured[tuple(channels(pruned))] <= 0.6, "whatever a second look would give"
    assert sum(channels(pruned)) > 0.2 * sum(channels(wide))


def test_statistics_taken_anew_mend_a_network_with_batch_norm():
    whole = trained(Cnn)
    quality = {}
    for frames in (0, 256):
        pruned = Prune(
            importance="l1", sparsity=0.5, steps=1, recovery=None, statistics_frames=frames
        ).run(whole, context_for(whole))
        quality[frames] = accuracy(pruned)
    assert quality[256] > quality[0] + 0.1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"keep": 0.02}, "cannot be cut to `keep` 0.02 of their macs: 0.0.* is the least"),
        ({"budget": 4}, "cannot be cut to a `budget` of 4: 0.167 is the least"),
        ({"importance": "batch_norm"}, "no batch norm"),
    ],
)
def test_what_cannot_be_done_says_how_far_it_came(settings, message):
    whole = trained(Mlp) if "importance" in settings else trained(Cnn)
    with pytest.raises(PassFailed, match=message):
        Prune(**{"importance": "l1", **settings}, steps=1, recovery=None).run(
            whole, context_for(whole)
        )


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"include": ("8",)}, LayerPatternError, "'8' fits no layer"),
        ({"include": ("7",)}, PruningError, "module.7: its channels are the model's outputs"),
        ({"budget": 100}, PruningError, "100 channels are to stay, but the chosen layers have 48"),
        ({"target": Target(channel_step=32)}, PassFailed, "no layer of more than 32 channels"),
    ],
)
def test_a_mistake_is_told_before_any_work(settings, error, message):
    whole = trained(Cnn)
    context = context_for(whole, target=settings.pop("target", Target(channel_step=4)))
    with pytest.raises(error, match=message):
        Prune(**settings).check(whole, context)
    with pytest.raises(PassFailed, match=message):  # the model may be another one by then
        Prune(**settings).run(whole, context)


def test_a_pass_that_can_be_done_checks_out():
    whole = trained(Cnn)
    for granularity in ("channels", "weights", "2:4"):
        Prune(granularity=granularity).check(whole, context_for(whole))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"keep": 1.0}, "less than 1"),
        ({"sparsity": 0.0}, "greater than 0"),
        ({"steps": 0}, "greater than or equal to 1"),
        ({"keep": 0.5, "sparsity": 0.5}, "`keep` and `sparsity` both say how far to cut"),
        ({"sparsity": 0.5, "measure": "size"}, "`measure` says what `keep` is a share of"),
        ({"granularity": "weights", "measure": "latency"}, "dense kernels multiply by zeros"),
        ({"granularity": "weights", "importance": "apoz"}, "apoz judges channels"),
        ({"granularity": "2:4", "keep": 0.5}, "says how many weights stay; leave out `keep`"),
        ({"granularity": "4:4"}, "of every 4 weights 4 would stay"),
        ({"granularity": 124}, "write the pattern in quotes: '2:4'"),
        ({"granularity": "kernels"}, "should match pattern"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(settings, message):
    with pytest.raises(ValidationError, match=message):
        Prune(**settings)


def test_a_pass_that_was_written_out_can_be_read_again():
    for pass_ in (Prune(), Prune(granularity="weights", sparsity=0.9), Prune(recovery=None)):
        assert Prune.model_validate_json(pass_.model_dump_json()) == pass_
