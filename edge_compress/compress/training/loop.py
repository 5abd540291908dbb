"""The training loop, the same for a process that learns alone and for several together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import held
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.progress import Silent
from edge_compress.compress.training.best import Best
from edge_compress.compress.training.hooks import Hooks
from edge_compress.compress.training.lessons import Lessons
from edge_compress.compress.training.objective import Objective
from edge_compress.compress.training.one_frame import one_frame_told
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.team import Team

if TYPE_CHECKING:
    from edge_compress.compress.pass_base import Context

WARM_UP_STEPS = 20
LARGEST_GRADIENT = 10.0  # norm; a pruned network's first steps are rough


@dataclass(frozen=True)
class Training:
    """All that a process needs to take part; it can be pickled.

    Attributes:
        candidate: whose module learns.
        lessons: what from.
        objective: the loss of a batch.
        schedule: how long and how fast.
        hooks: what else is done on the way.
        seed: of the order of the frames and how they are varied.
    """

    candidate: Candidate
    lessons: Lessons
    objective: Objective
    schedule: Schedule
    hooks: Hooks
    seed: int


def learn(training: Training, team: Team, context: Context | None, what: str) -> None:
    """Train in place; what constrains the weights still does afterwards.

    Args:
        training: what is to be done.
        team: whom the work is shared with.
        context: of the pass; None in a process that only helps, and neither measures nor reports.
        what: the progress bar's text.

    Raises:
        PassFailed: when the gradients are no longer numbers, or batch norm is given one value, in
            all processes of the team at once.
    """
    with held(training.candidate.module):
        _learn(training, team, context, what)


def _learn(training: Training, team: Team, context: Context | None, what: str) -> None:
    candidate, lessons, schedule = training.candidate, training.lessons, training.schedule
    hooks = training.hooks
    module = candidate.module.to(memory_format=torch.channels_last)
    generator = torch.Generator().manual_seed(training.seed)
    parameters = [p for p in module.parameters() if p.requires_grad]
    optimizer = _optimizer(parameters, schedule)
    per_epoch = len(lessons.batch_sizes(schedule.batch_size))
    steps = schedule.epochs * per_epoch
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step, steps))
    best = None if context is None else Best(candidate, schedule, context)
    frozen = (schedule.statistics or ("updated" if lessons.has_labels else "frozen")) == "frozen"
    learner = candidate
    stream = (
        batch
        for _ in range(schedule.epochs)
        for batch in lessons.batches(schedule.batch_size, generator, schedule.augmentation)
    )
    progress = Silent() if context is None else context.progress
    for step, batch in enumerate(progress.track(stream, what, steps)):
        epoch, place = divmod(step, per_epoch)
        if place == 0:
            _begin(module, frozen=frozen)
            if hooks.before_epoch is not None:
                hooks.before_epoch(epoch, module)
            learner = candidate  # lets the last epoch's go
            learner = candidate.with_module(team.joined(module))
        with one_frame_told("give a `batch_size` of 2 or more, or `statistics: frozen`"):
            loss = team.loss(training.objective, learner, batch)
        if hooks.penalty is not None:
            loss = loss + hooks.penalty(module)
        optimizer.zero_grad()
        loss.backward()
        # Of the gradients, not of the loss: they are the same in every process.
        if not torch.isfinite(nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)):
            raise PassFailed(
                f"training diverged: lower `learning_rate` from {schedule.learning_rate}"
            )
        optimizer.step()
        rate.step()
        if hooks.after_step is not None:
            hooks.after_step(module)
        if best is not None:
            best.update()
        if place < per_epoch - 1:
            continue
        if hooks.after_epoch is not None:
            hooks.after_epoch(epoch, module)
        if team.agreed(partial(_ends, candidate, context, best, epoch + 1, schedule.epochs)):
            break
    optimizer.zero_grad(set_to_none=True)
    if best is not None:
        best.restore()
    module.eval()


def _ends(
    candidate: Candidate, context: Context | None, best: Best | None, epochs: int, of: int
) -> bool:
    """Whether it is time to stop after so many epochs."""
    if context is not None and context.after_epoch is not None:
        context.after_epoch(candidate, epochs / of)
    return best is not None and best.ends(epochs)


def _optimizer(parameters: list[nn.Parameter], schedule: Schedule) -> torch.optim.Optimizer:
    rate, decay = schedule.learning_rate, schedule.weight_decay
    if schedule.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
    nesterov = schedule.momentum > 0
    return torch.optim.SGD(
        parameters, lr=rate, momentum=schedule.momentum, nesterov=nesterov, weight_decay=decay
    )


def _begin(module: nn.Module, *, frozen: bool) -> None:
    """Training mode, in which batch norm may be left as it is."""
    module.train()
    if frozen:
        for part in module.modules():
            if isinstance(part, _NormBase):
                part.eval()


def _pace(step: int, steps: int) -> float:
    """Share of the learning rate at a step: rises linearly, then falls along a cosine."""
    return min(1.0, (step + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * step / steps))
