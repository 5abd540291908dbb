"""A frame that is left over is learnt with others: alone it has no variance for batch norm."""

from __future__ import annotations

import pytest
import torch
from digits import STILL, candidate_of, context_for, copied, load_digits
from torch import nn

from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes import Prune
from edge_compress.compress.training.hooks import Hooks
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train


class Narrowing(nn.Sequential):
    """Its last maps are 1x1, as those of a ResNet-18 are at 32x32."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 16, 28, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 16, 1),
            nn.Flatten(),
            nn.Linear(16, 10),
        )


def narrowing(count: int):
    torch.manual_seed(0)
    candidate = candidate_of(Narrowing())
    return copied(candidate), context_for(candidate, learn=load_digits().learn[:count])


@pytest.mark.parametrize(
    ("frames", "batch_size", "sizes"),
    [
        (65, 32, [32, 33]),
        (64, 32, [32, 32]),
        (66, 32, [32, 32, 2]),
        (5, 64, [5]),
        (1, 64, [1]),
        (3, 1, [1, 1, 1]),
    ],
)
def test_the_last_batch_is_never_one_frame_of_a_rest(frames, batch_size, sizes):
    candidate, context = narrowing(frames)
    lessons = lessons_for(candidate, context, "labels")
    batches = list(lessons.batches(batch_size, torch.Generator().manual_seed(0)))
    assert [len(batch.places) for batch in batches] == sizes
    assert lessons.batch_sizes(batch_size) == sizes
    assert sorted(torch.cat([batch.places for batch in batches]).tolist()) == list(range(frames))


def test_a_network_with_maps_of_one_pixel_learns_from_them_all():
    candidate, context = narrowing(65)
    schedule = Schedule(epochs=3, batch_size=32, augmentation=STILL)
    ended = []
    hooks = Hooks(after_epoch=lambda epoch, module: ended.append(epoch))
    train(candidate, lessons_for(candidate, context), schedule, context, "train", hooks=hooks)
    assert ended == [0, 1, 2], "each epoch has as many steps as there are batches"


def test_and_can_be_cut():
    candidate, context = narrowing(17)
    before = candidate.module.state_dict()["module.1.running_mean"].clone()
    recovery = Schedule(epochs=1, batch_size=16, augmentation=STILL)
    made = Prune(importance="l1", keep=0.8, recovery=recovery).run(candidate, context)
    assert not torch.equal(made.module.state_dict()["module.1.running_mean"][:4], before[:4])


@pytest.mark.parametrize(
    ("frames", "changes"), [(4, {"batch_size": 1}), (1, {"batch_size": 16})], ids=str
)
def test_a_batch_that_must_be_one_frame_is_told(frames, changes):
    candidate, context = narrowing(frames)
    schedule = Schedule(epochs=1, augmentation=STILL, **changes)
    lessons = lessons_for(candidate, context)
    with pytest.raises(PassFailed, match="`batch_size` of 2 or more"):
        train(candidate, lessons, schedule, context, "train")
    frozen = schedule.model_copy(update={"statistics": "frozen"})
    train(candidate, lessons, frozen, context, "train")


def test_a_cut_with_one_frame_is_told():
    candidate, context = narrowing(1)
    with pytest.raises(PassFailed, match="`statistics_frames: 0`"):
        Prune(importance="l1", keep=0.8, recovery=None).run(candidate, context)
