"""The training loop: a student learns from labels, from its teacher, or from both."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import held
from edge_compress.compress.pass_base import Context, PassFailed
from edge_compress.compress.training.best import Best
from edge_compress.compress.training.lessons import Batch, Lessons
from edge_compress.compress.training.objective import Objective, student_loss
from edge_compress.compress.training.predictions import can_predict
from edge_compress.compress.training.schedule import Schedule

WARM_UP_STEPS = 20
LARGEST_GRADIENT = 10.0  # norm; a pruned network's first steps are rough

Source = Literal["labels", "teacher", "both"]


@dataclass(frozen=True)
class Hooks:
    """What a pass does besides, while its student learns.

    Attributes:
        penalty: added to the loss of each step.
        before_epoch: called with the epoch's number, from 0, such as to freeze a part.
        after_epoch: called with its number when it is over.
        after_step: called after each step of the optimizer, such as to keep zeros zero.
    """

    penalty: Callable[[nn.Module], Tensor] | None = None
    before_epoch: Callable[[int, nn.Module], None] | None = None
    after_epoch: Callable[[int, nn.Module], None] | None = None
    after_step: Callable[[nn.Module], None] | None = None


def lessons_for(
    candidate: Candidate, context: Context, learn_from: Source | None = None
) -> Lessons:
    """The frames to learn from at the candidate's input size, with what is known of them.

    Args:
        candidate: who is to learn.
        context: of the pass.
        learn_from: unset, the teacher, and the labels too where there are some.

    Raises:
        PassFailed: when gradients cannot reach the model through its head, or labels are asked for
            and there are none.
    """
    if candidate.task == "detection" and not can_predict(candidate.head):
        raise PassFailed(
            f"the {candidate.head.kind} head gives final detections, which no gradient passes; "
            "export the model without NMS to train it"
        )
    if context.learn.truth is None and learn_from in ("labels", "both"):
        raise PassFailed("there are no labels to learn from: give `data` that has some")
    return Lessons(
        context.learn,
        None if learn_from == "labels" else context.teacher,
        candidate.input,
        candidate.task,
        labels=learn_from != "teacher",
    )


def train(
    candidate: Candidate,
    lessons: Lessons,
    schedule: Schedule,
    context: Context,
    what: str,
    *,
    hooks: Hooks = Hooks(),
    objective: Objective | None = None,
) -> None:
    """Train the candidate's module in place; what constrains its weights still does afterwards.

    Args:
        candidate: whose module learns; left in eval mode.
        lessons: of `lessons_for`.
        schedule: how long and how fast.
        context: of the pass.
        what: the progress bar's text.
        hooks: what else is done on the way.
        objective: the loss; unset, that of labels and teacher, whichever `lessons` have.

    Raises:
        PassFailed: when the loss is no longer a number.
    """
    with held(candidate.module):
        _train(candidate, lessons, schedule, context, what, hooks, objective)


def _train(
    candidate: Candidate,
    lessons: Lessons,
    schedule: Schedule,
    context: Context,
    what: str,
    hooks: Hooks,
    objective: Objective | None,
) -> None:
    module = candidate.module.to(memory_format=torch.channels_last)
    loss_of = objective or partial(_loss, lessons=lessons)
    generator = torch.Generator().manual_seed(context.seed)
    parameters = [p for p in module.parameters() if p.requires_grad]
    optimizer = _optimizer(parameters, schedule)
    per_epoch = math.ceil(len(lessons) / schedule.batch_size)
    steps = schedule.epochs * per_epoch
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step, steps))
    best = Best(candidate, schedule, context)
    frozen = (schedule.statistics or ("updated" if lessons.has_labels else "frozen")) == "frozen"
    stream = (
        batch
        for _ in range(schedule.epochs)
        for batch in lessons.batches(schedule.batch_size, generator, schedule.augmentation)
    )
    for step, batch in enumerate(context.progress.track(stream, what, steps)):
        epoch, place = divmod(step, per_epoch)
        if place == 0:
            _begin(module, frozen=frozen)
            if hooks.before_epoch is not None:
                hooks.before_epoch(epoch, module)
        loss = loss_of(candidate, batch)
        if hooks.penalty is not None:
            loss = loss + hooks.penalty(module)
        if not torch.isfinite(loss):
            raise PassFailed(
                f"training diverged: lower `learning_rate` from {schedule.learning_rate}"
            )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
        optimizer.step()
        rate.step()
        if hooks.after_step is not None:
            hooks.after_step(module)
        best.update()
        if place < per_epoch - 1:
            continue
        if hooks.after_epoch is not None:
            hooks.after_epoch(epoch, module)
        if best.ends(epoch + 1):
            break
    optimizer.zero_grad(set_to_none=True)
    best.restore()
    module.eval()


def _loss(candidate: Candidate, batch: Batch, *, lessons: Lessons) -> Tensor:
    return student_loss(candidate, lessons.teacher, batch)


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
