"""A pass that leaves the float model as it is, and plans another file beside it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from edge_compress.bundle.schema import Profile
from edge_compress.compress.export_plan import joined
from edge_compress.compress.pass_base import Context, Pass, PassFailed

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.footage import Frames
    from edge_compress.compress.progress import Progress


class ExportPass(Pass):
    """An `ExportPlan` that a recipe lists: it travels with the candidate and writes its files."""

    profiles: tuple[Profile, ...]

    def for_profiles(self, profiles: tuple[Profile, ...]) -> ExportPass:
        """The same plan for some of its profiles alone."""
        return self.model_copy(update={"profiles": profiles})

    @abstractmethod
    def export(
        self,
        fp32_path: Path,
        folder: Path,
        candidate: Candidate,
        frames: Frames,
        progress: Progress,
    ) -> dict[Profile, Path]:
        """Write ``model.<profile>.<precision>.onnx`` for each profile; see `ExportPlan.export`."""

    def planned(self, candidate: Candidate, context: Context) -> Candidate:
        """The candidate with this plan beside those that it has for other profiles."""
        plan = joined(candidate.quantization, self, context.progress)
        return replace(candidate, quantization=plan)


def require_layers(candidate: Candidate, kinds: tuple[type[nn.Module], ...], told: str) -> None:
    """See that the model has a layer that the plan can work on.

    Raises:
        PassFailed: with what was looked for.
    """
    if not any(isinstance(module, kinds) for module in candidate.module.modules()):
        raise PassFailed(f"the model has no {told} to quantize")
