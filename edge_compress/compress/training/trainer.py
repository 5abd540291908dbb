"""The training loop: a student learns from its teacher's answers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.passes.base import Context, PassFailed
from edge_compress.compress.training.lessons import Batch, Lessons
from edge_compress.compress.training.losses import detection_loss, imitation_loss, soft_target_loss
from edge_compress.compress.training.predictions import can_predict, predict
from edge_compress.compress.training.schedule import Schedule

TEMPERATURE = 2.0
IMITATION = 0.5
WARM_UP_STEPS = 20
LARGEST_GRADIENT = 10.0  # norm; a pruned network's first steps are rough


def lessons_for(candidate: Candidate, context: Context) -> Lessons:
    """The frames to learn from at the candidate's input size, with the teacher's answers.

    Raises:
        PassFailed: when gradients cannot reach the model through its head.
    """
    if candidate.task == "detection" and not can_predict(candidate.head):
        raise PassFailed(
            f"the {candidate.head.kind} head gives final detections, which no gradient passes; "
            "export the model without NMS to train it"
        )
    return Lessons(context.learn, context.teacher, candidate.input, candidate.task)


def student_loss(candidate: Candidate, original: Candidate, batch: Batch) -> Tensor:
    """How much the candidate's answers to a batch differ from the teacher's; a scalar.

    A detector has two teachers: the original's final detections at its own input size, which are
    what counts, and its raw answers at the student's size, which say how the cells share the work.
    Without the second a cell's class is lost where the original gives one object two classes.
    """
    images = batch.images.to(memory_format=torch.channels_last)
    outputs = candidate.module(images)
    if batch.logits is not None:
        return soft_target_loss(outputs[0], batch.logits, TEMPERATURE)
    found = predict(outputs, candidate.head, candidate.input)
    with torch.no_grad():
        guide = predict(original.module(images), candidate.head, candidate.input)
    return detection_loss(found, batch.targets) + IMITATION * imitation_loss(found, guide)


def train(
    candidate: Candidate, lessons: Lessons, schedule: Schedule, context: Context, what: str
) -> None:
    """Train the candidate's module in place; normalization statistics stay as they are.

    Raises:
        PassFailed: when the loss is no longer a number.
    """
    module = candidate.module.to(memory_format=torch.channels_last)
    module.eval()  # footage of one place would bend the statistics of batch norm
    generator = torch.Generator().manual_seed(context.seed)
    parameters = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters, lr=schedule.learning_rate, weight_decay=schedule.weight_decay
    )
    steps = schedule.epochs * math.ceil(len(lessons) / schedule.batch_size)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step, steps))
    stream = (
        batch
        for _ in range(schedule.epochs)
        for batch in lessons.batches(schedule.batch_size, generator, varied=True)
    )
    for batch in context.progress.track(stream, what, steps):
        loss = student_loss(candidate, context.teacher.original, batch)
        if not torch.isfinite(loss):
            raise PassFailed(
                f"training diverged: lower `learning_rate` from {schedule.learning_rate}"
            )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
        optimizer.step()
        rate.step()
    optimizer.zero_grad(set_to_none=True)


def _pace(step: int, steps: int) -> float:
    """Share of the learning rate at a step: rises linearly, then falls along a cosine."""
    return min(1.0, (step + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * step / steps))
