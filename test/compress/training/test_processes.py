"""Trainings that torchrun's processes share, with two real ones over gloo."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from digits import Cnn, Mlp, accuracy, candidate_of, context_for

from edge_compress.bundle.reader import Bundle
from edge_compress.cli.main import main
from edge_compress.compress.footage import Frames
from edge_compress.compress.progress import Silent
from edge_compress.compress.training.hooks import Hooks
from edge_compress.compress.training.lessons import Batch
from edge_compress.compress.training.loop import Training
from edge_compress.compress.training.losses import Targets
from edge_compress.compress.training.objective import StudentLoss
from edge_compress.compress.training.penalties import Sparsity
from edge_compress.compress.training.processes import processes, team
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.teacher import Teacher
from edge_compress.compress.training.trainer import lessons_for
from edge_compress.compress.weight_grids.fine_tune import GridTuning

ROOT = Path(__file__).parents[3]
MATERIAL = ROOT / "test/compress/material"
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
EXACT = 1e-6  # of weights that are about 0.1: sums in another order


def torchrun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    path = os.pathsep.join(map(str, [ROOT, MATERIAL, MATERIAL.parent]))
    return subprocess.Popen(
        [sys.executable, *TORCHRUN, *arguments],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_without_torchrun_a_process_trains_alone():
    with processes() as others:
        assert others is None
        assert team().size == 1


def test_a_training_can_be_sent_with_all_that_its_teacher_has_said():
    """The teacher's frames stay behind; a network that is fed otherwise needs its answers."""
    teacher, student = candidate_of(Mlp()), candidate_of(Mlp())
    fed = replace(student, input=student.input.model_copy(update={"color": "rgb"}))
    large = np.random.default_rng(0).integers(0, 256, (4, 500, 500, 3), np.uint8)
    frames = Frames.of(list(large))
    context = context_for(teacher, learn=frames)
    lessons = lessons_for(fed, replace(context, teacher=Teacher(teacher, frames, Silent())))
    objective = StudentLoss(fed, lessons.teacher)
    objective.ask(fed)
    sent = BytesIO()
    torch.save(Training(fed, lessons, objective, Schedule(), Hooks(), 0), sent)
    sent.seek(0)
    received = torch.load(sent, weights_only=False)
    batch = next(lessons.batches(4, torch.Generator().manual_seed(0)))
    assert received.objective(received.candidate, batch) == objective(fed, batch)
    assert received.lessons.teacher is received.objective.teacher
    assert len(sent.getbuffer()) < large.nbytes


def test_what_a_pass_does_besides_can_be_sent():
    module = candidate_of(Mlp()).module
    for hooks in (
        Sparsity(weights=1e-4, threshold=0.01).hooks(module),
        GridTuning().hooks(),
    ):
        assert pickle.loads(pickle.dumps(hooks)).after_step is None


@pytest.mark.parametrize("task", ["classification", "detection"])
def test_a_part_of_a_batch_has_what_is_known_of_its_frames(task):
    known = [Targets(torch.ones(1, 4) * i, torch.ones(1), torch.ones(1)) for i in range(4)]
    detects = task == "detection"
    batch = Batch(
        torch.arange(4.0).view(4, 1, 1, 1),
        torch.tensor([7, 6, 5, 4]),
        known if detects else [],
        [],
        None if detects else torch.tensor([1, 2, 3, 4]),
    )
    part = batch.part(1, 3)
    assert part.images.flatten().tolist() == [1, 2]
    assert part.places.tolist() == [6, 5]
    assert [float(t.boxes[0, 0]) for t in part.seen] == ([1, 2] if detects else [])
    assert part.truth == []
    assert detects or part.classes.tolist() == [2, 3]


@pytest.fixture(scope="module")
def alone() -> dict[str, dict[str, torch.Tensor]]:
    """What this process makes of each training of material/shared_training.py."""
    sys.path.insert(0, str(MATERIAL))
    try:
        import shared_training

        return shared_training.main()
    finally:
        sys.path.remove(str(MATERIAL))


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> dict[str, dict[str, torch.Tensor]]:
    """What two processes make of the same."""
    folder = tmp_path_factory.mktemp("together")
    process = torchrun(folder, str(MATERIAL / "shared_training.py"), "made.pt")
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    return torch.load(folder / "made.pt")


EQUAL = (
    "train",
    "distill",
    "rest of two",
    "small batches",
    "patience",
    "sparse",
    "grid",
    "diverged",
)


@pytest.mark.slow
@pytest.mark.timeout(900)  # for all trainings, twice
def test_two_processes_learn_what_one_does(alone, together):
    for name in EQUAL:
        for key, weight in alone[name].items():
            assert torch.allclose(together[name][key], weight, rtol=0, atol=EXACT), (name, key)


@pytest.mark.slow
def test_what_sees_one_process_part_of_the_batch_is_nearly_the_same(alone, together):
    """What losses of hints and boxes are divided by, and ranges of activations."""
    for name in ("hints", "detector", "int8"):
        for key, weight in alone[name].items():
            assert (together[name][key] - weight).norm() < 0.01 * weight.norm(), (name, key)


@pytest.mark.slow
def test_a_network_with_batch_norm_becomes_as_accurate(alone, together):
    scores = []
    for made in (alone, together):
        candidate = candidate_of(Cnn())
        candidate.module.load_state_dict(made["cnn"])
        scores.append(accuracy(candidate))
    assert scores[0] > 0.8
    assert scores[1] == pytest.approx(scores[0], abs=0.02)


@pytest.mark.slow
@pytest.mark.timeout(900)  # three runs of the whole command
@pytest.mark.parametrize("rank", [0, 1])
def test_a_dead_process_ends_the_run_and_the_next_one_goes_on(
    write_recipe, tmp_path, monkeypatch, capsys, rank
):
    def distill(epochs: int) -> dict[str, object]:
        return {"kind": "distill", "schedule": {"epochs": epochs, "batch_size": 4}}

    monkeypatch.chdir(tmp_path)
    recipe = write_recipe(passes=[distill(1), distill(5000)])
    command = ["-m", "edge_compress.cli.main", "compress", str(recipe), "-o", "tiny.bundle"]
    process = torchrun(tmp_path, *command)
    assert process.stderr is not None
    seen = next(line for line in process.stderr if "pass 2 of 2" in line)
    assert "finished" not in seen
    time.sleep(1)  # into its training, mostly; it must end well before, too
    os.kill(child(process.pid, rank), signal.SIGKILL)
    _, errors = process.communicate()
    assert process.returncode != 0
    assert len(re.findall("run the same command again", errors)) == 1
    assert "Traceback" not in errors.partition("torch/distributed/elastic")[0]
    assert not (tmp_path / "tiny.bundle").exists()

    short = write_recipe(passes=[distill(1), distill(2)])
    assert short == recipe
    assert main(command[2:]) == 0
    assert "pass 1 of 2, distill: finished in an earlier run" in capsys.readouterr().err
    assert Bundle.open(tmp_path / "tiny.bundle").manifest.name == "tiny"


def child(parent: int, rank: int) -> int:
    """The process of a rank."""
    return next(pid for pid in children(parent) if f"\0RANK={rank}\0" in environment(pid))


def children(parent: int) -> Iterator[int]:
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        yield int(pid)
        yield from children(int(pid))


def environment(pid: int) -> str:
    return "\0" + Path(f"/proc/{pid}/environ").read_text()
