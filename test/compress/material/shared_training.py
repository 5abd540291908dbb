"""Train small models, alone or under torchrun, and save what they have become.

    shared_training.py OUT.pt

Every training is one that several processes could get wrong in a way of its own.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import tiny_detector
import torch
from digits import STILL, Cnn, Mlp, candidate_of, context_for, load_digits
from torch import Tensor, nn

from edge_compress.bundle.schema import InputSpec, YoloxHead
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import constrain, restore
from edge_compress.compress.footage import Frames
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes.distill import Distill
from edge_compress.compress.passes.train import Train
from edge_compress.compress.progress import Silent
from edge_compress.compress.quantization.fake_quantize import fake_quantized
from edge_compress.compress.training.penalties import Sparsity
from edge_compress.compress.training.processes import processes
from edge_compress.compress.training.schedule import Augmentation, Schedule
from edge_compress.compress.training.teacher import Teacher
from edge_compress.compress.training.trainer import lessons_for, train
from edge_compress.compress.weight_grids.fine_tune import GridTuning
from edge_compress.compress.weight_grids.on_grid import OnGrid
from edge_compress.compress.weight_grids.rule import GridRule

VARIED = Augmentation(mirror=False, shift=1 / 28, contrast=0.1, brightness=5)
LEARN = load_digits().learn[:1000]
# Of 1,000 digits 5 are left over, which two processes share unevenly.
SCHEDULE = Schedule(epochs=2, learning_rate=3e-3, batch_size=199, augmentation=VARIED)


def main() -> dict[str, dict[str, Tensor]]:
    """The weights that each training leaves, by its name."""
    teacher = trained(epochs=3)
    made = {
        "train": teacher,
        "distill": distilled(teacher),
        "hints": distilled(teacher, hints=[{"teacher": "*.1", "student": "*.1"}]),
        "rest of two": trained(batch_size=499),
        "small batches": trained(batch_size=3, epochs=1, learn=LEARN[:60]),
        "patience": trained(epochs=30, learning_rate=1e-9, patience=2),
        "sparse": sparse(),
        "grid": on_grid(),
        "int8": rounded(),
        "diverged": diverged(),
        "cnn": trained(Cnn, batch_size=50, augmentation=STILL),
        "detector": detector(),
    }
    return {name: candidate.module.state_dict() for name, candidate in made.items()}


def fresh(kind: type[nn.Module] = Mlp) -> Candidate:
    torch.manual_seed(0)
    return candidate_of(kind())


def trained(kind: type[nn.Module] = Mlp, learn: Frames = LEARN, **changes: object) -> Candidate:
    candidate = fresh(kind)
    schedule = SCHEDULE.model_copy(update=changes)
    return Train(schedule=schedule).run(candidate, context_for(candidate, learn=learn))


def distilled(teacher: Candidate, **settings: object) -> Candidate:
    student = candidate_of(Mlp(hidden=30))
    footage = Frames.of(list(LEARN))
    told = Teacher(teacher, footage, Silent())
    context = replace(context_for(teacher, learn=footage), teacher=told)
    return Distill(schedule=SCHEDULE, **settings).run(student, context)


def sparse() -> Candidate:
    candidate = fresh()
    context = context_for(candidate, learn=LEARN)
    wanted = Sparsity(weights=1e-4, threshold=0.02)
    return Train(schedule=SCHEDULE, sparsity=wanted).run(candidate, context)


def on_grid() -> Candidate:
    """Steps that learn for an epoch, and are then frozen."""
    candidate = fresh()
    for layer in candidate.module.modules():
        if isinstance(layer, nn.Linear):
            constrain(layer, OnGrid(GridRule(bits=3), layer, "learned_step"))
    restore(candidate.module)
    context = context_for(candidate, learn=LEARN)
    hooks = GridTuning(freeze_grids_after=1).hooks()
    train(candidate, lessons_for(candidate, context), SCHEDULE, context, "grid", hooks=hooks)
    return candidate


def rounded() -> Candidate:
    candidate = fresh()
    context = context_for(candidate, learn=LEARN)
    with fake_quantized([m for m in candidate.module.modules() if isinstance(m, nn.Linear)]):
        train(candidate, lessons_for(candidate, context), SCHEDULE, context, "int8")
    return candidate


def diverged() -> Candidate:
    try:
        trained(learning_rate=1.0, weight_decay=1e30)
    except PassFailed:
        return fresh()
    raise AssertionError("that cannot have learnt")


def detector() -> Candidate:
    module = TupleOutput(tiny_detector.tiny())
    head, spec = YoloxHead(strides=(8,)), InputSpec(height=64, width=64, fit="stretch")
    teacher = Candidate(module, spec, head, ("cat", "dog"), "detection")
    torch.manual_seed(3)
    student = teacher.with_module(TupleOutput(tiny_detector.tiny()))
    for parameter in student.module.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    random = np.random.default_rng(0)
    blocks = random.integers(0, 256, (32, 8, 8, 3), np.uint8)
    images = [cv2.resize(b, (64, 64), interpolation=cv2.INTER_NEAREST) for b in blocks]
    frames = Frames.of(images)
    told = Teacher(teacher, frames, Silent())
    context = replace(context_for(teacher, learn=frames, validation=frames), teacher=told)
    schedule = SCHEDULE.model_copy(update={"batch_size": 8})
    train(student, lessons_for(student, context), schedule, context, "detector")
    return student


if __name__ == "__main__":
    torch.set_num_threads(1)
    with processes() as team:
        if team is None or team.leads:
            torch.save(main(), Path(sys.argv[1]))
        else:
            team.help()
