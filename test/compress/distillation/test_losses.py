"""Losses against what can be computed by hand, and against torch's own."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from edge_compress.compress.distillation.losses import (
    alike,
    attention_loss,
    hint_loss,
    soft_class_loss,
)


def test_soft_targets_of_two_classes_by_hand():
    """At T = 2 logits (2 ln 3, 0) are 3:1, and (0, 0) are 1:1."""
    student = torch.tensor([[0.0, 0.0]])
    teacher = torch.tensor([[2 * math.log(3), 0.0]])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    cross = math.log(2)
    assert float(soft_class_loss(student, teacher, 2.0, "cross_entropy")) == pytest.approx(
        4 * cross
    )
    assert float(soft_class_loss(student, teacher, 2.0, "kl")) == pytest.approx(
        4 * (cross - entropy), rel=1e-5
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31 - 1), st.floats(0.5, 10.0))
def test_both_kinds_of_soft_targets_are_torchs_and_pull_alike(seed, temperature):
    generator = torch.Generator().manual_seed(seed)
    logits, wanted = torch.randn(2, 5, 7, generator=generator)
    gradients = []
    for kind in ("kl", "cross_entropy"):
        student = logits.clone().requires_grad_()
        loss = soft_class_loss(student, wanted, temperature, kind)
        loss.backward()
        gradients.append(student.grad)
        probabilities = functional.softmax(wanted / temperature, dim=1)
        reference = functional.cross_entropy(logits / temperature, probabilities)
        if kind == "kl":
            reference = reference - functional.cross_entropy(wanted / temperature, probabilities)
        assert loss.item() == pytest.approx(float(temperature**2 * reference), abs=1e-4)
    assert torch.allclose(*gradients, atol=1e-6)


def test_a_sharp_teacher_at_temperature_1_is_a_label():
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    classes = torch.tensor([0, 1, 2, 3, 0, 1])
    sharp = 1e4 * functional.one_hot(classes, 4).float()
    for kind in ("kl", "cross_entropy"):
        assert torch.allclose(
            soft_class_loss(logits, sharp, 1.0, kind), functional.cross_entropy(logits, classes)
        )


def test_a_hint_is_the_squared_difference_by_the_teachers_square():
    wanted = torch.tensor([[3.0, 4.0]])  # mean square 12.5
    found = torch.tensor([[3.0, 2.0]])  # mean squared difference 2
    assert float(hint_loss(found, wanted)) == pytest.approx(2 / 12.5)
    assert float(hint_loss(10 * found, 10 * wanted)) == pytest.approx(2 / 12.5)
    assert float(hint_loss(wanted, wanted)) == 0


def test_maps_of_other_sizes_are_averaged_to_the_smaller():
    small = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    large = small.repeat_interleave(2, 2).repeat_interleave(3, 3)
    for one, other in (alike(small, large), alike(large, small)):
        assert torch.equal(one, other)
        assert one.shape == small.shape
    assert float(hint_loss(large, small)) == 0
    assert float(attention_loss(small, large)) == pytest.approx(0, abs=1e-12)


def test_attention_by_hand():
    """Where one looks at the first pixel only, and the other at both alike."""
    found = torch.zeros(1, 3, 1, 2)
    found[0, :, 0, 0] = 5.0
    wanted = torch.ones(1, 8, 1, 2)
    # Unit maps (1, 0) and (1, 1) / sqrt 2.
    expected = (1 - 1 / math.sqrt(2)) ** 2 + 0.5
    assert float(attention_loss(found, wanted)) == pytest.approx(expected)
    assert float(attention_loss(found, 7 * wanted)) == pytest.approx(expected)
    elsewhere = found.flip(-1)
    assert float(attention_loss(found, elsewhere)) == pytest.approx(2.0)
