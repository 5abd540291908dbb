"""The training loop, on real digits."""

from __future__ import annotations

from typing import NamedTuple

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
    load_digits,
    trained,
)
from torch import nn

from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.training.hooks import Hooks
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train

SHORT = Schedule(epochs=2, learning_rate=3e-3, batch_size=64, augmentation=STILL)


def fresh(kind=Mlp):
    torch.manual_seed(0)
    return candidate_of(kind())


def learn(candidate, learn_from="labels", hooks=None, context=None, **changes):
    context = context or context_for(candidate)
    schedule = SHORT.model_copy(update=changes)
    lessons = lessons_for(candidate, context, learn_from)
    train(candidate, lessons, schedule, context, "train", hooks=hooks or Hooks())
    return candidate


@pytest.mark.parametrize(
    "changes", [{}, {"optimizer": "sgd", "learning_rate": 0.05}, {"ema": 0.9}], ids=str
)
def test_a_network_learns_digits_from_labels(changes):
    assert accuracy(fresh()) < 0.3
    assert accuracy(learn(fresh(), **changes)) > 0.84


def test_a_student_learns_digits_from_a_teacher_without_any_label():
    context = context_for(trained(Cnn), labels=False)
    student = learn(fresh(), None, context=context, epochs=3)
    assert context.learn.truth is None
    assert accuracy(student) > 0.84


def test_labels_are_needed_where_they_are_asked_for():
    with pytest.raises(PassFailed, match="there are no labels to learn from"):
        lessons_for(fresh(), context_for(trained(Mlp), labels=False), "labels")


def test_the_same_seed_learns_the_same_and_another_one_something_else():
    def weights(seed):
        candidate = fresh()
        learn(candidate, context=context_for(candidate, seed=seed), epochs=1)
        return torch.cat([p.flatten() for p in candidate.module.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


class Memory(NamedTuple):
    epochs: list[int]
    zeros: list[int]


def test_a_pass_may_act_before_and_after_each_epoch_and_after_each_step():
    seen = Memory([], [])
    candidate = fresh()
    (first, _) = (m for m in candidate.module.modules() if isinstance(m, nn.Linear))

    def keep_a_row_zero(module):
        with torch.no_grad():
            first.weight[0] = 0
        seen.zeros.append(0)

    hooks = Hooks(
        before_epoch=lambda epoch, module: seen.epochs.append(epoch),
        after_epoch=lambda epoch, module: seen.epochs.append(-epoch),
        after_step=keep_a_row_zero,
    )
    learn(candidate, hooks=hooks)
    assert seen.epochs == [0, 0, 1, -1]
    assert len(seen.zeros) == 2 * -(-len(load_digits().learn) // 64)
    assert not first.weight[0].any()


def test_a_penalty_counts_as_much_as_the_loss():
    plain, held = fresh(), fresh()
    learn(plain, epochs=1)
    learn(held, epochs=1, hooks=Hooks(penalty=lambda m: 0.1 * _size(m)))
    assert _size(held.module) < 0.5 * _size(plain.module)


def _size(module):
    return sum(p.abs().sum() for p in module.parameters())


def test_statistics_of_batch_norm_are_updated_with_labels_and_frozen_with_footage():
    candidate = copied(trained(Cnn))
    norm = next(m for m in candidate.module.modules() if isinstance(m, nn.BatchNorm2d))
    before = norm.running_mean.clone()
    learn(candidate, None, context=context_for(trained(Cnn), labels=False), epochs=1)
    assert torch.equal(norm.running_mean, before)
    learn(candidate, epochs=1)
    assert not torch.equal(norm.running_mean, before)
    assert not candidate.module.training


def test_the_best_epoch_is_kept_and_the_last_forgotten():
    """Past a good start every epoch makes it worse: the labels of the lessons are wrong."""
    candidate = copied(trained(Mlp))
    scores = []
    context = context_for(trained(Mlp))

    def spoil(epoch, module):
        scores.append(context.quality(candidate))
        if epoch:
            with torch.no_grad():
                for parameter in module.parameters():
                    parameter += torch.randn_like(parameter)

    spoilt = Hooks(after_epoch=spoil)
    learn(candidate, context=context, hooks=spoilt, epochs=3, learning_rate=1e-5, keep_best=True)
    assert context.quality(candidate) == pytest.approx(scores[0], abs=0.01)


def test_training_stops_when_it_gets_no_better():
    candidate = fresh()
    epochs = []
    still = Hooks(before_epoch=lambda epoch, module: epochs.append(epoch))
    learn(candidate, hooks=still, epochs=20, learning_rate=1e-12, patience=2)
    assert epochs == [0, 1, 2]


def test_a_loss_that_is_no_number_ends_the_training():
    with pytest.raises(PassFailed, match="lower `learning_rate` from 1.0"):
        learn(fresh(), learning_rate=1.0, weight_decay=1e30)
