"""Weights of few bits: as many values as was asked for, a smaller file, and accuracy kept."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from digits import STILL, Cnn, Mlp, accuracy, context_for, copied, load_digits, trained
from onnx import numpy_helper
from pydantic import ValidationError
from torch import nn

from edge_compress.compress.constraints import KeepZeros, constrain, restore
from edge_compress.compress.export import export
from edge_compress.compress.footage import Frames
from edge_compress.compress.footage_source import FootageError
from edge_compress.compress.layer_names import LayerPatternError, matching
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes import Distill, QuantizeWeights
from edge_compress.compress.progress import Silent
from edge_compress.compress.target import Budget, Target
from edge_compress.compress.training.schedule import Schedule
from edge_compress.inference.unpacked import unpacked

NEVER = {"when": "never"}
STRICT = Target(budget=Budget(max_drop=0.001))


class Notes(Silent):
    """Remembers what was said."""

    def __init__(self):
        self.said = []

    def note(self, text):
        self.said.append(text)


def schedule(epochs=3, learning_rate=2e-3):
    return Schedule(epochs=epochs, learning_rate=learning_rate, batch_size=64, augmentation=STILL)


def quantized(kind, *, target=STRICT, progress=None, **settings):
    settings = {"first_and_last": "same", "fine_tune": NEVER, **settings}
    base = trained(kind)
    context = context_for(base, target=target, progress=progress or Silent())
    return QuantizeWeights(**settings).run(base, context)


@pytest.fixture
def exported(tmp_path):
    """Return a function that gives the float file of a candidate; parity is checked there."""

    def make(candidate, name="model"):
        return export(candidate, tmp_path / name, load_digits().learn[:4])["fp32"]

    return make


def values_of_channels(path):
    """The number of different values in each output channel that the file holds, by layer."""
    model = onnx.load_from_string(unpacked(path))
    tensors = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    found = []
    for node in model.graph.node:
        if node.op_type in ("Conv", "Gemm", "MatMul"):
            weight = tensors[node.input[1]]
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            axis = 0 if node.op_type == "Conv" or transposed else 1
            channels = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
            found.append(max(len(np.unique(channel)) for channel in channels))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Mlp, Cnn])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_eight_bits_cost_nothing(kind, scheme, exported):
    base = trained(kind)
    eight = quantized(kind, bits=8, scheme=scheme)
    assert accuracy(eight) >= accuracy(base) - 0.003
    path = exported(eight)
    assert max(values_of_channels(path)) <= 256
    assert path.stat().st_size < 0.29 * exported(base, "base").stat().st_size


@pytest.mark.parametrize(
    ("settings", "most", "shrunk", "drop"),
    [
        ({"bits": 6}, 63, 4.7, 0.005),
        ({"bits": 4}, 15, 7.4, 0.01),
        ({"bits": 3}, 7, 9.9, 0.01),
        ({"bits": 3, "scheme": "affine", "per_channel": False}, 8, 9.5, 0.03),
        ({"bits": 2}, 3, 16, 0.04),
        ({"scheme": "levels"}, 4, 12, 0.015),
        ({"scheme": "levels", "per_channel": False}, 4, 13.5, 0.02),
        ({"scheme": "levels", "bits": 3, "per_channel": False}, 8, 9, 0.01),
        ({"scheme": "ternary"}, 3, 16, 0.04),
        ({"scheme": "binary"}, 2, 23, 0.07),
    ],
    ids=str,
)
def test_the_file_holds_as_many_values_as_asked_for(settings, most, shrunk, drop, exported):
    base, few = trained(Mlp), quantized(Mlp, **settings)
    path = exported(few)
    assert all(0.7 * most < values <= most for values in values_of_channels(path))
    assert exported(base, "base").stat().st_size > shrunk * path.stat().st_size
    assert accuracy(few) >= accuracy(base) - drop


@pytest.mark.parametrize(
    ("kind", "scheme", "method", "drop"),
    [
        (Cnn, "levels", "straight_through", 0.015),
        pytest.param(Cnn, "binary", "learned_step", 0.03, marks=pytest.mark.slow),
        (Mlp, "levels", "learned_step", 0.015),
        (Mlp, "binary", "straight_through", 0.03),
    ],
)
def test_training_on_the_grid_makes_up_for_it(kind, scheme, method, drop):
    base = trained(kind)
    tuning = {"when": "always", "method": method, "schedule": schedule(epochs=4)}
    tuned = quantized(kind, scheme=scheme, fine_tune=tuning)
    assert accuracy(tuned) >= accuracy(base) - drop
    assert restore(tuned.module) == [], "and they are still on the grid"
    if scheme == "binary":
        plain = quantized(kind, scheme=scheme, bias_correction=False)
        assert accuracy(tuned) > accuracy(plain) + 0.015


def weights_of(candidate):
    module = candidate.module
    return [module.get_submodule(name).weight.detach() for name in matching(module)]


def test_it_is_trained_only_where_the_budget_is_missed():
    tuning = {"schedule": schedule(epochs=1)}
    roomy, notes = Target(budget=Budget(max_drop=0.3)), Notes()
    kept = quantized(Cnn, bits=4, fine_tune=tuning, target=roomy, progress=notes)
    assert not any("fine-tune" in note for note in notes.said)
    for found, wanted in zip(weights_of(kept), weights_of(quantized(Cnn, bits=4)), strict=True):
        assert torch.equal(found, wanted)
    quantized(Cnn, scheme="binary", fine_tune=tuning, progress=notes)
    assert any("fine-tune at 1 bits" in note and note.endswith("kept") for note in notes.said)


def test_training_that_does_not_mend_is_not_kept():
    notes = Notes()
    ruinous = {"when": "always", "schedule": schedule(epochs=1, learning_rate=0.5)}
    found = quantized(Mlp, bits=4, fine_tune=ruinous, progress=notes)
    for weight, wanted in zip(weights_of(found), weights_of(quantized(Mlp, bits=4)), strict=True):
        assert torch.equal(weight, wanted)
    assert notes.said[-1].endswith("not kept")


def test_batch_norm_and_grids_are_frozen_in_time():
    """From epoch 0 on, no statistic moves, and no grid."""
    tuning = {
        "when": "always",
        "schedule": schedule(epochs=2),
        "freeze_batch_norm_after": 0,
        "freeze_grids_after": 0,
    }
    plain = quantized(Cnn, scheme="binary", bias_correction=False)
    tuned = quantized(Cnn, scheme="binary", bias_correction=False, fine_tune=tuning)
    assert accuracy(tuned) > accuracy(plain)
    for before, after in zip(plain.module.modules(), tuned.module.modules(), strict=True):
        if isinstance(before, nn.BatchNorm2d):
            assert torch.equal(before.running_mean, after.running_mean)
    for before, after in zip(weights_of(plain), weights_of(tuned), strict=True):
        assert not torch.equal(before, after)
        assert torch.allclose(before.abs(), after.abs()), "only signs have changed"


def test_correcting_biases_mends_most_of_what_binary_weights_shift():
    plain = quantized(Cnn, scheme="binary", bias_correction=False)
    corrected = quantized(Cnn, scheme="binary", bias_correction=True)
    assert accuracy(corrected) > accuracy(plain) + 0.15


def test_a_correction_that_does_harm_is_not_kept():
    notes = Notes()
    quantized(Mlp, scheme="binary", progress=notes)
    told = next(note for note in notes.said if note.startswith("bias correction"))
    before, after = (float(word.strip(":")) for word in told.split() if word[0] == "0")
    assert told.endswith("not kept") == (after < before)


@pytest.mark.slow
def test_bits_go_down_in_stages():
    notes = Notes()
    tuning = {"when": "always", "schedule": schedule(epochs=1)}
    found = quantized(Cnn, scheme="binary", progressive=True, fine_tune=tuning, progress=notes)
    stages = [note.split()[2] for note in notes.said if note.startswith("fine-tune at")]
    assert stages == ["8", "6", "4", "3", "2", "1"]
    assert accuracy(found) >= accuracy(trained(Cnn)) - 0.04
    assert all(len(channel.unique()) == 2 for w in weights_of(found) for channel in w)


def test_bits_are_shared_out_by_what_a_layer_bears(exported):
    """Half of the layer's weights count for nothing, the other layer's all count."""
    base = copied(trained(Mlp))
    context = context_for(base)
    mixed = {"average_bits": 3.0, "choices": (2, 4, 8)}
    found = QuantizeWeights(first_and_last="same", mixed=mixed, fine_tune=NEVER).run(base, context)
    wide, narrow = (max(len(row.unique()) for row in weight) for weight in weights_of(found))
    assert wide < narrow, "the layer of 1,000 weights is spared, that of 78,400 pays"
    bits = {w: np.ceil(np.log2(w)) for w in (wide, narrow)}
    assert (78_400 * bits[wide] + 1_000 * bits[narrow]) / 79_400 <= 3
    assert accuracy(found) >= accuracy(base) - 0.02


def test_the_size_of_the_budget_is_kept(exported):
    base = trained(Mlp)
    target = Target(budget=Budget(size_mb=0.035))
    found = quantized(Mlp, mixed={"choices": (2, 3, 4, 8)}, target=target)
    assert 0.015e6 < exported(found).stat().st_size < 1.1 * 0.035e6
    with pytest.raises(PassFailed, match=r"leaves 0\.\d+ bits a weight"):
        quantized(Mlp, mixed={}, target=Target(budget=Budget(size_mb=0.005)))
    with pytest.raises(PassFailed, match="size_mb"):
        QuantizeWeights(first_and_last="same", mixed={}).run(base, context_for(base))


@pytest.mark.parametrize(
    ("ends", "values"), [("same", [3, 3, 3]), ("eight_bits", [27, 3, 200]), ("float", [27, 3, 999])]
)
def test_the_first_and_the_last_layer_bear_more(ends, values, exported):
    found = values_of_channels(exported(quantized(Cnn, bits=2, first_and_last=ends)))
    assert found[0] <= values[0]
    assert found[1] == 3
    assert values[2] * 0.5 < found[2] <= values[2] * 2


def test_patterns_choose_layers():
    found = quantized(Cnn, bits=2, include=["3", "7"], exclude=["7"])
    few = [max(len(channel.unique()) for channel in w) <= 3 for w in weights_of(found)]
    assert few == [False, True, False]


def test_the_candidate_that_was_given_is_left_as_it_was():
    base = trained(Cnn)
    before = [weight.clone() for weight in weights_of(base)]
    quantized(Cnn, scheme="binary")
    assert all(torch.equal(a, b) for a, b in zip(before, weights_of(base), strict=True))
    assert base.module.module[0].bias is None


@pytest.mark.slow
def test_a_later_training_keeps_the_grid(exported):
    few = quantized(Cnn, scheme="levels")
    learnt = Distill(schedule=schedule(epochs=1)).run(few, context_for(trained(Cnn)))
    assert any(
        not torch.equal(a, b) for a, b in zip(weights_of(learnt), weights_of(few), strict=True)
    )
    assert values_of_channels(exported(learnt)) == [4, 4, 4]


def test_pruned_weights_stay_zero(exported):
    base = copied(trained(Mlp))
    for name in matching(base.module):
        layer = base.module.get_submodule(name)
        small = layer.weight.abs() < layer.weight.abs().quantile(0.8)
        layer.weight.data[small] = 0
        constrain(layer, KeepZeros())
    tuning = {"when": "always", "schedule": schedule(epochs=2)}
    context = context_for(trained(Mlp))
    found = QuantizeWeights(bits=4, first_and_last="same", fine_tune=tuning).run(base, context)
    zeros = [float((weight == 0).float().mean()) for weight in weights_of(found)]
    assert min(zeros) >= 0.799
    sparse, both = exported(base, "sparse"), exported(found, "both")
    assert both.stat().st_size < 0.35 * sparse.stat().st_size
    assert accuracy(found) >= accuracy(base) - 0.01


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"bits": 4, "scheme": "ternary"}, "ternary weights have 2"),
        ({"bits": 1}, "2 to 8 bits; for one bit use `scheme: binary`"),
        ({"bits": 9}, "less than or equal to 8"),
        ({"mixed": {"choices": (1, 4)}}, "`mixed.choices`: symmetric weights have 2 to 8"),
        ({"mixed": {"choices": (4, 16)}}, "`mixed.choices`: symmetric weights have 2 to 8"),
        ({"mixed": {}, "scheme": "binary"}, "binary weights have 1 bits and no other"),
        ({"mixed": {}, "bits": 4}, "`mixed` chooses them"),
        ({"progressive": True, "fine_tune": NEVER}, "must not be never"),
    ],
)
def test_what_does_not_go_together_is_told(settings, told):
    with pytest.raises(ValidationError, match=told):
        QuantizeWeights(**settings)


def test_mistakes_are_told_before_any_work():
    base = trained(Mlp)
    context = context_for(base)
    with pytest.raises(LayerPatternError, match="`include`: 'layers"):
        QuantizeWeights(include=["layers.*"]).check(base, context)
    with pytest.raises(PassFailed, match="first_and_last: same"):
        QuantizeWeights().check(base, context)
    nothing = context_for(base, learn=Frames.of([]))
    with pytest.raises(FootageError, match="bias_correction: false"):
        QuantizeWeights(first_and_last="same").check(base, nothing)
    QuantizeWeights(first_and_last="same", bias_correction=False).check(base, nothing)


@pytest.mark.slow
@pytest.mark.parametrize(("bits", "error", "size"), [(8, 0.002, 0.30), (4, 0.2, 0.18)])
def test_yolox_nano(bits, error, size, yolox_nano, street, make_context, tmp_path):
    context = make_context(yolox_nano, street)
    few = QuantizeWeights(bits=bits, fine_tune=NEVER, frames=4).run(yolox_nano, context)
    assert context.quality(few) > 0.9, "with 4 bits it sees nothing until biases are corrected"
    base = export(yolox_nano, tmp_path / "base", street[:2])["fp32"]
    path = export(few, tmp_path / "few", street[:2])["fp32"]
    counts = values_of_channels(path)
    assert sorted(counts)[len(counts) // 2] <= 2**bits
    assert max(counts) <= 256
    assert path.stat().st_size < size * base.stat().st_size
    image = {"images": np.random.default_rng(0).random((1, 3, 416, 416), np.float32) * 255}
    wanted, found = (onnxruntime.InferenceSession(p).run(None, image)[0] for p in (base, path))
    assert found.shape == wanted.shape == (1, 3549, 85)
    assert np.square(found - wanted).sum() < error * np.square(wanted).sum()
