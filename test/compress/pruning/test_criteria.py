"""How much each single weight matters, and what that is judged by."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edge_compress.compress.layer_names import matching
from edge_compress.compress.pruning.activations import inflows
from edge_compress.compress.pruning.criteria import weight_scores
from edge_compress.compress.pruning.gradients import gradients
from edge_compress.compress.pruning.sensitivity import mean_loss, weight_losses


def test_magnitude_and_its_square(plain, evidence_of):
    for importance, expected in (("l1", torch.abs), ("l2", torch.square)):
        scores = weight_scores(importance, evidence_of(plain), ["module.3"])
        assert scores["module.3"].equal(expected(plain.module.module[3].weight.detach()))


def test_taylor_predicts_how_the_loss_changes(plain, evidence_of):
    """The loss without a weight differs by |w dL/dw| to first order."""
    evidence = evidence_of(plain)
    scores = weight_scores("taylor", evidence, ["module.7"])["module.7"].flatten()
    weight = plain.module.module[7].weight
    changed = []
    for place in scores.argsort()[:: len(scores) // 20].tolist():
        gradient = evidence.gradients["module.7"].flatten()[place]
        assert torch.isclose(scores[place], (weight.flatten()[place] * gradient).abs())
        changed.append(float(scores[place]))
    assert changed == sorted(changed)
    assert changed[-1] > 0


def test_gradients_are_those_of_the_loss_and_leave_nothing_behind(plain, evidence_of):
    evidence = evidence_of(plain)
    found = evidence.gradients
    assert all(p.grad is None for p in plain.module.parameters())
    assert found["module.0"].abs().sum() > 0, "even where the student is its own teacher"
    lessons, seed = evidence.material.lessons, 0
    again = gradients(plain, lessons, frames=64, batch_size=16, seed=seed)
    assert all(torch.equal(found[name], again[name]) for name in found)


def test_activations_are_seen_where_they_arrive(plain):
    images = [torch.rand(8, 3, 16, 16), torch.rand(8, 3, 16, 16)]
    found = inflows(plain.module, images)
    layers = list(plain.module.module)
    arrives = nn.Sequential(*layers[:3])(torch.cat(images)).detach()
    assert torch.allclose(found["module.3"].mean, arrives.abs().mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(found["module.3"].zeros, (arrives == 0).float().mean((0, 2, 3)))
    flat = nn.Sequential(*layers[:7])(torch.cat(images)).detach()
    assert torch.allclose(found["module.7"].power, flat.square().mean(0), atol=1e-4)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(8, 4, 3, padding=1, groups=2),
        nn.Conv2d(8, 4, 1),
        nn.ConvTranspose2d(8, 4, 2),
        nn.Sequential(nn.Flatten(), nn.Linear(8 * 256, 4)),
    ],
)
def test_a_weight_counts_by_what_it_is_given(layer, as_candidate, evidence_of):
    """Input channel 0 is always zero, so nothing that listens to it matters."""

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before = nn.Conv2d(3, 8, 1)
            self.before.weight.data[0] = self.before.bias.data[0] = 0
            self.layer = layer

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.layer(self.before(images)).flatten(1)[:, :5]

    candidate = as_candidate(Network())
    name = matching(candidate.module, ["layer*"])[0]
    scores = weight_scores("activation", evidence_of(candidate), [name])[name]
    if isinstance(layer, nn.ConvTranspose2d):
        silent = scores[0]
    elif isinstance(layer, nn.Sequential):
        silent = scores[:, :256]
    else:
        silent = scores[: scores.shape[0] // layer.groups, 0]
    assert (silent == 0).all()
    assert (scores != 0).sum() == scores.numel() - silent.numel()


def test_measured_rises_follow_the_order_within_a_layer_and_the_need_between_layers(
    plain, evidence_of
):
    evidence = evidence_of(plain)
    before = mean_loss(evidence)
    losses = weight_losses(evidence, ["module.0", "module.7"])
    assert mean_loss(evidence) == before, "every weight is put back"
    for name, rises in losses.items():
        weight = plain.module.get_submodule(name).weight.detach().abs().flatten()
        ordered = rises.flatten()[weight.argsort()]
        assert (ordered.diff() >= 0).all()
        assert ordered[-1] > 0
    with torch.no_grad():
        plain.module.module[7].weight.zero_()
    gone = mean_loss(evidence) - before
    assert float(losses["module.7"].max()) == pytest.approx(gone, rel=1e-4)
