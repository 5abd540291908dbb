"""How the float file becomes those of other precisions, carried out when a model is exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edge_compress.bundle.schema import Precision, Profile

if TYPE_CHECKING:
    from edge_compress.compress.candidate import Candidate
    from edge_compress.compress.footage import Frames
    from edge_compress.compress.progress import Progress

_PRECISIONS: Mapping[str, Precision] = {"fp32": "fp32", "fp16": "fp16", "int8": "int8"}


class ExportPlan(Protocol):
    """What is done with the exported float file; float passes may still come after the plan."""

    @property
    def kind(self) -> str:
        """The name of the pass that made the plan."""

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The target profiles that get a file."""

    def for_profiles(self, profiles: tuple[Profile, ...]) -> ExportPlan:
        """The same plan for some of its profiles alone."""

    def export(
        self,
        fp32_path: Path,
        folder: Path,
        candidate: Candidate,
        frames: Frames,
        progress: Progress,
    ) -> dict[Profile, Path]:
        """Write ``model.<profile>.<precision>.onnx`` for each profile.

        Args:
            fp32_path: the exported float graph; it is left as it is.
            folder: where the files go.
            candidate: what was exported.
            frames: footage to calibrate on and to compare with the float graph on.
            progress: where to report.

        Raises:
            PassFailed: when a file does not compute what the float graph computes.
        """


@dataclass(frozen=True)
class Plans:
    """Several plans, each for profiles of its own.

    Attributes:
        parts: in the order they were made; an earlier one leaves out what a later one writes.
    """

    parts: tuple[ExportPlan, ...]

    @property
    def kind(self) -> str:
        """The names of the passes that made them."""
        return " and ".join(part.kind for part in self.parts)

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """All profiles that get a file, each once."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.profiles))

    def for_profiles(self, profiles: tuple[Profile, ...]) -> Plans:
        """The plans that write one of these profiles, for these alone."""
        return Plans(tuple(filter(None, (_left(part, profiles) for part in self.parts))))

    def export(
        self,
        fp32_path: Path,
        folder: Path,
        candidate: Candidate,
        frames: Frames,
        progress: Progress,
    ) -> dict[Profile, Path]:
        """Write the files of every plan; see `ExportPlan.export`."""
        files: dict[Profile, Path] = {}
        for part in self.parts:
            files.update(part.export(fp32_path, folder, candidate, frames, progress))
        return files


def joined(earlier: ExportPlan | None, later: ExportPlan, progress: Progress) -> ExportPlan:
    """Both plans; a profile that both would write is the later one's, and a note says so."""
    kept: list[ExportPlan] = []
    for part in _parts(earlier):
        taken = [name for name in part.profiles if name in later.profiles]
        if taken:
            progress.note(f"{later.kind} replaces {part.kind} for {', '.join(taken)}")
        rest = _left(part, tuple(name for name in part.profiles if name not in taken))
        kept.extend((rest,) if rest else ())
    return Plans((*kept, *_parts(later))) if kept else later


def _parts(plan: ExportPlan | None) -> tuple[ExportPlan, ...]:
    if plan is None:
        return ()
    return plan.parts if isinstance(plan, Plans) else (plan,)


def _left(plan: ExportPlan, profiles: tuple[Profile, ...]) -> ExportPlan | None:
    """The plan for those of the profiles that it has; None when it has none of them."""
    rest = tuple(name for name in plan.profiles if name in profiles)
    return plan.for_profiles(rest) if rest else None


def precision_of(profile: Profile, path: Path) -> Precision:
    """The precision of a model file, read off its name; a file of the user's own is FP32.

    Raises:
        ValueError: for a variant that is not named ``model.<profile>.<precision>.onnx``.
    """
    told = path.name.split(".")[-2:-1]
    precision = _PRECISIONS.get(told[0]) if told else None
    if profile == "fp32":
        return "fp32"
    if precision is None:
        names = " or ".join(_PRECISIONS)
        raise ValueError(f"{path.name}: a variant's name must end in {names}, then .onnx")
    return precision
