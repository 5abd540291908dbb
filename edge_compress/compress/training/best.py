"""Which of the weights that a training went through are kept."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.training.schedule import Schedule

if TYPE_CHECKING:
    from edge_compress.compress.pass_base import Context


class Best:
    """The last weights, their moving average, or the best on the validation frames."""

    def __init__(self, candidate: Candidate, schedule: Schedule, context: Context) -> None:
        self._candidate = candidate
        self._context = context
        self._patience = schedule.patience
        self._chooses = schedule.keep_best or schedule.patience is not None
        self._average: AveragedModel | None = None
        if schedule.ema is not None:
            average = get_ema_multi_avg_fn(schedule.ema)
            self._average = AveragedModel(candidate.module, multi_avg_fn=average, use_buffers=True)
        self._score = -1.0
        self._state: dict[str, Any] = {}
        self._worse = 0

    def update(self) -> None:
        """Take note of one step."""
        if self._average is not None:
            self._average.update_parameters(self._candidate.module)

    def ends(self, epoch: int) -> bool:
        """Look at the weights after so many epochs; whether it is time to stop."""
        if not self._chooses:
            return False
        score = self._context.quality(self._candidate.with_module(self._module()))
        self._worse += 1
        if score > self._score:
            self._score, self._worse = score, 0
            self._state = copy.deepcopy(self._module().state_dict())
        stops = self._patience is not None and self._worse >= self._patience
        if stops:
            told = f"no better for {self._worse} epochs: stopped after {epoch}"
            self._context.progress.note(told)
        return stops

    def restore(self) -> None:
        """Put the weights that are kept into the candidate's module."""
        if self._chooses:
            self._candidate.module.load_state_dict(self._state)
        elif self._average is not None:
            self._candidate.module.load_state_dict(self._average.module.state_dict())

    def _module(self) -> Any:
        return self._candidate.module if self._average is None else self._average.module
