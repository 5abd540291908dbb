"""Remove whole channels, those that matter least, in steps with recovery in between."""

from __future__ import annotations

import copy
from typing import Literal

import torch
import torch_pruning

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.models.final_layers import final_layers
from edge_compress.compress.passes.base import Context, Pass, PassFailed
from edge_compress.compress.passes.parameter import tunable
from edge_compress.compress.training.lessons import Lessons
from edge_compress.compress.training.objective import student_loss
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train

TAYLOR_FRAMES = 64
CUTS = 64  # the finest steps in which channels are taken away
MOST_OF_A_LAYER = 0.9


class Prune(Pass):
    """Structured pruning over the dependency graph, all layers competing for what is kept.

    Channels that hang together (residuals, concatenations, depthwise convolutions) go together:
    Fang et al., "DepGraph", arXiv:2301.12900. Importance is the L2 norm of the weights, or the
    first-order Taylor term |w dL/dw|: Molchanov et al., arXiv:1906.10771.
    """

    kind: Literal["prune"] = "prune"
    importance: Literal["taylor", "magnitude"] = tunable(
        "taylor", search=("taylor", "magnitude"), description="what says that a channel matters"
    )
    measure: Literal["macs", "params"] = tunable(
        "macs", search=("macs", "params"), description="what `keep` is a share of"
    )
    keep: float = tunable(
        0.5, gt=0, lt=1, search=(0.1, 0.9), description="share of the model that stays"
    )
    steps: int = tunable(4, ge=1, search=(1, 8), description="cuts, each followed by recovery")
    recovery: Schedule = Schedule(epochs=2)

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with fewer channels, trained after each cut.

        Raises:
            PassFailed: when the layers cannot be cut that far, or the model cannot be trained.
        """
        student = candidate.with_module(copy.deepcopy(candidate.module))
        lessons = lessons_for(student, context)
        size = self._size(student)
        pruner = self._pruner(student, context)
        for step in range(1, self.steps + 1):
            if self.importance == "taylor":
                self._gradients(student, lessons, context)
            # Equal factors, so that every cut takes the same share of what is left.
            wanted = size * self.keep ** (step / self.steps)
            self._cut(pruner, student, wanted)
            train(student, lessons, self.recovery, context, f"recover {step}/{self.steps}")
        context.progress.note(f"pruned to {self._size(student) / size:.0%} of {self.measure}")
        return student

    def _size(self, student: Candidate) -> float:
        params, macs = params_and_macs(student.module, student.input)
        return float(macs if self.measure == "macs" else params)

    def _pruner(self, student: Candidate, context: Context) -> torch_pruning.BasePruner:
        importance = {
            "taylor": torch_pruning.importance.GroupTaylorImportance,
            "magnitude": torch_pruning.importance.GroupMagnitudeImportance,
        }[self.importance]()
        example = torch.zeros(1, 3, student.input.height, student.input.width)
        graph = torch_pruning.DependencyGraph().build_dependency(student.module, example)
        return torch_pruning.BasePruner(
            student.module,
            example,
            importance,
            global_pruning=True,
            pruning_ratio=1.0,
            max_pruning_ratio=MOST_OF_A_LAYER,
            iterative_steps=CUTS,
            round_to=context.target.channel_step,
            ignored_layers=final_layers(graph),
        )

    def _gradients(self, student: Candidate, lessons: Lessons, context: Context) -> None:
        """Leave the loss's gradient of some frames in the parameters."""
        student.module.zero_grad()
        generator = torch.Generator().manual_seed(context.seed)
        seen = 0
        for batch in lessons.batches(self.recovery.batch_size, generator):
            student_loss(student, lessons.teacher, batch).backward()
            seen += len(batch.images)
            if seen >= TAYLOR_FRAMES:
                return

    def _cut(self, pruner: torch_pruning.BasePruner, student: Candidate, wanted: float) -> None:
        while self._size(student) > wanted:
            if pruner.current_step >= CUTS:
                raise PassFailed(
                    f"the layers cannot be cut to `keep` {self.keep} of their {self.measure}: "
                    "raise it"
                )
            pruner.step()
        for parameter in student.module.parameters():
            parameter.grad = None
        student.module.eval()
