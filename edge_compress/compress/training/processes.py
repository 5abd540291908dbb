"""Training in the processes that torchrun has started: one leads, the others help.

The first process runs the whole recipe: it alone measures, decides, writes and prints. The others
wait until it begins a training, take part in it, and wait again. So no two can decide differently.
Gradients are averaged by torch's DistributedDataParallel: Li et al., arXiv:2006.15704.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import BytesIO

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.training.lessons import Batch
from edge_compress.compress.training.loop import Training, learn
from edge_compress.compress.training.objective import Objective
from edge_compress.compress.training.team import Alone, Team
from edge_compress.errors import EdgeCompressError

# Between two trainings others wait for as long as a pass takes; in one, no step takes so long.
_BETWEEN = timedelta(days=30)
_STEP = timedelta(minutes=30)


class ProcessLost(EdgeCompressError):
    """Another process of the training has ended or cannot be reached."""


class Processes:
    """All processes of one torchrun, over gloo.

    Attributes:
        size: how many there are.
        leads: whether this is the one that runs the recipe.
        in_step: whether none of them is in the midst of a training.
    """

    def __init__(self) -> None:
        """Meet the others.

        Raises:
            ProcessLost: when they cannot be reached.
        """
        with _lost_told():
            dist.init_process_group("gloo", timeout=_BETWEEN)
            steps = dist.new_group(timeout=_STEP)
        assert isinstance(steps, dist.ProcessGroup)
        self._steps = steps
        self.size = dist.get_world_size()
        self._rank = dist.get_rank()
        self.leads = self._rank == 0
        self.in_step = True
        self._joined: DistributedDataParallel | None = None
        self._trained: list[str] = []

    def close(self) -> None:
        """Let the others go; those that are in the midst of a training are left to find out."""
        if self.leads and self.in_step:
            with suppress(RuntimeError):  # some have gone already
                self._send(None)
        dist.destroy_process_group()

    @contextmanager
    def sharing(self, training: Training) -> Iterator[None]:
        """Inside, all train; called by the process that leads.

        Raises:
            ProcessLost: when another has ended.
        """
        if not self.in_step:
            raise ProcessLost("an earlier training was broken off; run the same command again")
        training.lessons.ask()
        training.objective.ask(training.candidate)
        self.in_step = False
        with _lost_told():
            self._send(training)
            try:
                yield
            except PassFailed:
                self.in_step = True  # it has failed in all of them
                raise
            finally:
                self._joined = None
        self.in_step = True

    def help(self) -> None:
        """Take part in every training until the process that leads has no more.

        Raises:
            ProcessLost: when it, or another, has ended.
        """
        while True:
            with _lost_told():
                training = self._receive()
                if training is None:
                    return
                torch.manual_seed(training.seed * self.size + self._rank)
                self.in_step = False
                with suppress(PassFailed):  # told by the one that leads
                    learn(training, self, None, "")
                self.in_step = True
                self._joined = None

    def joined(self, module: nn.Module) -> nn.Module:
        """The module, such that its gradients are the mean of all processes'."""
        trained = [name for name, p in module.named_parameters() if p.requires_grad]
        if self._joined is None or trained != self._trained:
            self._joined, self._trained = None, trained
            gc.collect()  # its hooks must be gone before others are made
            # Statistics of batch norm are those of the process that leads, in every step.
            self._joined = DistributedDataParallel(module, process_group=self._steps)
        return self._joined

    def loss(self, objective: Objective, learner: Candidate, batch: Batch) -> Tensor:
        """The loss of what is this process's of the batch; over all, the mean is the batch's.

        Each process makes the whole batch and keeps its part, so that frames are shuffled and
        varied as by one alone. A rest too small to be shared is learnt by all of them.
        """
        count = len(batch.places)
        weight = 1.0
        if count >= 2 * self.size:  # batch norm needs two frames
            begin, end = (count * rank // self.size for rank in (self._rank, self._rank + 1))
            batch, weight = batch.part(begin, end), (end - begin) * self.size / count
        loss = objective(learner, batch) * weight
        # Every parameter gets a gradient, which is what the others wait for.
        parameters = (p for p in learner.module.parameters() if p.requires_grad)
        return loss + 0.0 * torch.stack([p.sum() for p in parameters]).sum()

    def agreed(self, decide: Callable[[], bool]) -> bool:
        """What the process that leads decides, in all of them; if that fails, all stop."""
        answer = torch.ones(1, dtype=torch.uint8)
        try:
            if self.leads:
                answer[0] = decide()
        except BaseException:
            dist.broadcast(answer, 0, group=self._steps)
            self.in_step = True
            raise
        dist.broadcast(answer, 0, group=self._steps)
        return bool(answer)

    def _send(self, training: Training | None) -> None:
        buffer = BytesIO()
        torch.save(training, buffer)
        content = torch.frombuffer(buffer.getbuffer(), dtype=torch.uint8)
        dist.broadcast(torch.tensor([len(content)]), 0)
        dist.broadcast(content, 0)

    def _receive(self) -> Training | None:
        length = torch.zeros(1, dtype=torch.int64)
        dist.broadcast(length, 0)
        content = torch.empty(int(length), dtype=torch.uint8)
        dist.broadcast(content, 0)
        # Pickle, but of a process of the same user's same command.
        training: Training | None = torch.load(
            BytesIO(content.numpy().tobytes()), map_location="cpu", weights_only=False
        )
        return training


_team: Processes | None = None


def team() -> Team:
    """Whom a training is shared with in this process."""
    return _team or Alone()


@contextmanager
def processes() -> Iterator[Processes | None]:
    """Inside, trainings are shared with the other processes of this torchrun, where there are some.

    Yields:
        The processes; None without torchrun, or where it has started only one.

    Raises:
        ProcessLost: when they cannot be reached.
    """
    global _team
    if "TORCHELASTIC_RUN_ID" not in os.environ or int(os.environ["WORLD_SIZE"]) < 2:
        yield None
        return
    _team = Processes()
    try:
        yield _team
    except BaseException as error:
        if isinstance(error, ProcessLost) or not _team.in_step:
            atexit.register(_leave)
        raise
    finally:
        closing, _team = _team, None
        closing.close()


def _leave() -> None:
    """End without tidying up: gloo would wait for processes that wait themselves or are dead."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


@contextmanager
def _lost_told() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        # What gloo raises names its own source file.
        if not isinstance(error, dist.DistError) and "gloo" not in str(error):
            raise
        raise ProcessLost(
            "another process of this training has ended or cannot be reached; what was finished "
            "is kept: run the same command again to go on"
        ) from error
