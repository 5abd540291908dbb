"""Passes that train: distil, replace the activation."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from edge_compress.bundle.schema import NmsInGraphHead
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes import Distill, ReplaceActivation
from edge_compress.compress.training.objective import StudentLoss
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for

SHORT = Schedule(epochs=6, learning_rate=3e-3)


def _loss(candidate, context) -> float:
    lessons = lessons_for(candidate, context)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        (batch,) = lessons.batches(len(lessons), generator)
        return float(StudentLoss(candidate, context.teacher)(candidate, batch))


def _disturbed(candidate):
    """The same model with weights that have been knocked about."""
    module = copy.deepcopy(candidate.module)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter += 0.5 * parameter.std(unbiased=False) * noise
    return candidate.with_module(module)


# A detector that was never trained sees boxes at random, so there is less to be learnt from it.
@pytest.mark.parametrize(("task", "left"), [("detector", 0.9), ("classifier", 0.6)])
def test_distilling_brings_a_disturbed_student_back(task, left, request, blocks, make_context):
    teacher = request.getfixturevalue(task)
    context, student = make_context(teacher, blocks), _disturbed(teacher)
    before = copy.deepcopy(student.module.state_dict())
    learnt = Distill(schedule=SHORT).run(student, context)
    assert _loss(learnt, context) < left * _loss(student, context)
    assert all(torch.equal(before[k], v) for k, v in student.module.state_dict().items())


def test_the_same_seed_teaches_the_same(classifier, blocks, make_context):
    first, second = (
        Distill(schedule=Schedule(epochs=1)).run(
            _disturbed(classifier), make_context(classifier, blocks)
        )
        for _ in range(2)
    )
    state = second.module.state_dict()
    assert all(torch.equal(v, state[k]) for k, v in first.module.state_dict().items())


def test_a_head_without_gradients_is_refused(detector, blocks, make_context):
    from dataclasses import replace

    final = replace(detector, head=NmsInGraphHead())
    with pytest.raises(PassFailed, match="nms-in-graph head gives final detections"):
        Distill().run(final, make_context(detector, blocks))


def test_a_step_too_large_is_told(classifier, blocks, make_context):
    wild = Schedule(epochs=3, learning_rate=1.0, weight_decay=1e30)
    with pytest.raises(PassFailed, match="lower `learning_rate` from 1.0"):
        Distill(schedule=wild).run(_disturbed(classifier), make_context(classifier, blocks))


def test_the_costly_activation_goes_and_the_student_gets_used_to_it(
    classifier, blocks, make_context
):
    context = make_context(classifier, blocks)
    untrained = ReplaceActivation(recovery=Schedule(epochs=1, learning_rate=1e-9))
    trained = ReplaceActivation(recovery=SHORT)
    rough, learnt = untrained.run(classifier, context), trained.run(classifier, context)
    for candidate in (rough, learnt):
        kinds = {type(m) for m in candidate.module.modules()}
        assert nn.ReLU in kinds
        assert nn.SiLU not in kinds
    assert _loss(learnt, context) < 0.6 * _loss(rough, context)
    with pytest.raises(PassFailed, match="no activation"):
        trained.run(learnt, context)
