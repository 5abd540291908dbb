"""Swap a costly activation function for one that runtimes fuse into the convolution."""

from __future__ import annotations

import copy
from typing import Literal

from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.parameter import tunable
from edge_compress.compress.pass_base import Context, Pass, PassFailed
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train

COSTLY = (nn.SiLU, nn.Hardswish, nn.GELU, nn.Mish, nn.ELU)
CHEAP: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "hardswish": nn.Hardswish}


class ReplaceActivation(Pass):
    """Replace SiLU and its like, then learn from the original until the model is used to it.

    SiLU takes about a fifth of a small detector's time on a CPU, and in INT8 more than it saves;
    ReLU is fused into the convolution before it. Howard et al., arXiv:1905.02244, section 5.2.
    """

    kind: Literal["replace_activation"] = "replace_activation"
    to: Literal["relu", "hardswish"] = tunable(
        "relu", search=("relu", "hardswish"), description="the function that is put in"
    )
    recovery: Schedule = Schedule()

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the candidate with the cheap function, trained.

        Raises:
            PassFailed: when the model has no costly activation, or cannot be trained.
        """
        lessons = lessons_for(candidate, context)
        student = candidate.with_module(copy.deepcopy(candidate.module))
        costly = tuple(kind for kind in COSTLY if kind is not CHEAP[self.to])
        names = [name for name, m in student.module.named_modules() if isinstance(m, costly)]
        if not names:
            raise PassFailed("the model has no activation that costs more than it needs to")
        for name in names:
            student.module.set_submodule(name, CHEAP[self.to]())
        train(student, lessons, self.recovery, context, f"learn with {self.to}")
        return student
