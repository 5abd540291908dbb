"""How the loss changes with each weight, on some of the frames to learn from."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.pruning.weight import weight_of
from edge_compress.compress.training.lessons import Batch, Lessons
from edge_compress.compress.training.objective import StudentLoss
from edge_compress.compress.training.teacher import Teacher


def some(lessons: Lessons, frames: int, size: int, seed: int) -> Iterator[Batch]:
    """The same frames for the same seed, at least `frames` of them where there are so many."""
    generator = torch.Generator().manual_seed(seed)
    seen = 0
    for batch in lessons.batches(size, generator):
        yield batch
        seen += len(batch.places)
        if seen >= frames:
            return


def gradients(
    candidate: Candidate, lessons: Lessons, *, frames: int, batch_size: int, seed: int
) -> dict[str, Tensor]:
    """The loss's gradient by each layer's weight, by the layer's name, summed over batches.

    Batch norm stays frozen.
    """
    module = candidate.module.eval()
    module.zero_grad()
    loss = StudentLoss(candidate, lessons.teacher)
    for batch in some(lessons, frames, batch_size, seed):
        _of(loss, candidate, batch).backward()
    found = {}
    for name, layer in module.named_modules():
        if isinstance(getattr(layer, "weight", None), Tensor):
            weight = weight_of(layer)
            found[name] = torch.zeros_like(weight) if weight.grad is None else weight.grad.detach()
    module.zero_grad()
    return found


def _of(loss: StudentLoss, candidate: Candidate, batch: Batch) -> Tensor:
    """The student's loss; where that has no slope at the teacher itself, the teacher's classes."""
    if candidate.task == "classification" and batch.classes is None and loss.teacher is not None:
        wanted = _answers(candidate, loss.teacher, batch).argmax(1)
        return functional.cross_entropy(candidate.module(batch.images)[0], wanted)
    return loss(candidate, batch)


@torch.no_grad()
def _answers(candidate: Candidate, teacher: Teacher, batch: Batch) -> Tensor:
    if teacher.original.input != candidate.input:
        return teacher.logits[batch.places]
    answers: Tensor = teacher.original.module.eval()(batch.images)[0]
    return answers
