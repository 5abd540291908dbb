"""What is measured: one list of passes, or another tool, on one model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "benchmarks" / "results"
WORK = REPOSITORY / "build" / "bench" / "results"
SEEDS = (0, 1, 2)
WEIGHTS = "weights.pth"
# A technique is measured whatever it costs; what a robot would accept is another matter.
ANYTHING = {"threads": 1, "optimize": "size", "budget": {"max_drop": 1.0}}

Rival = Literal["torch_pruning", "nncf", "onnxruntime"]


@dataclass(frozen=True, eq=False)
class Subject:
    """A model with its data.

    Attributes:
        name: of its folder of results.
        title: for a heading.
        about: where model and data come from, for the page.
        recipe: all of a recipe but name, seed and passes.
        start: experiment whose trained weights all others start from; None where the model comes
            with weights.
        start_seed: the seed whose weights everybody starts from; None: each seed has its own.
    """

    name: str
    title: str
    about: str
    recipe: Mapping[str, Any]
    start: str | None = None
    start_seed: int | None = None


@dataclass(frozen=True, eq=False)
class Experiment:
    """One row of a table.

    Attributes:
        subject: the model.
        name: of its files.
        what: what is done, for the row.
        passes: of the recipe.
        changes: keys of the recipe that differ from the subject's.
        family: rows of one family stand together.
        rival: the other tool, with `settings`, in place of passes.
        settings: of the other tool.
        seeds: fewer where one run takes very long.
        fresh: begins without the start's weights.
        first: a bound is set for it, so it is run before the others.
        needs: an experiment of the subject whose trained weights `passes` or `changes` name as
            `weights:NAME`.
        keeps_weights: others need them.
        goes_on_from: another experiment whose passes are the first of these; its finished state is
            gone on with, as when a user adds a pass to a recipe and runs it again.
    """

    subject: Subject
    name: str
    what: str
    passes: tuple[Mapping[str, Any], ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    family: str = ""
    rival: Rival | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = SEEDS
    fresh: bool = False
    first: bool = False
    needs: str | None = None
    keeps_weights: bool = False
    goes_on_from: str | None = None

    @property
    def id(self) -> str:
        """Subject and name, what `--only` looks at."""
        return f"{self.subject.name}/{self.name}"

    def waits_for(self, seed: int) -> tuple[Path, ...]:
        """What other runs must have made before this one."""
        if self.goes_on_from is None:
            return self.needed(seed)
        return (*self.needed(seed), self.work_of(self.goes_on_from, seed) / "made.bundle")

    def needed(self, seed: int) -> tuple[Path, ...]:
        """Files with trained weights that this run's recipe names."""
        files = []
        if self.subject.start is not None and not self.fresh:
            start = seed if self.subject.start_seed is None else self.subject.start_seed
            files.append(self.work_of(self.subject.start, start) / WEIGHTS)
        if self.needs is not None:
            files.append(self.work_of(self.needs, seed) / WEIGHTS)
        return tuple(files)

    def recipe(self, seed: int) -> dict[str, Any]:
        """The recipe of one run; a rival's has no passes."""
        recipe: dict[str, Any] = {"target": ANYTHING, **self.subject.recipe, **self.changes}
        files = self.needed(seed)
        if self.subject.start is not None and not self.fresh:
            recipe["model"] = {**recipe["model"], "weights": str(files[0])}
        recipe = {"name": self.name, "seed": seed, **recipe, "passes": list(self.passes)}
        if self.needs is None:
            return recipe
        text = json.dumps(recipe).replace(f"weights:{self.needs}", str(files[-1]))
        filled: dict[str, Any] = json.loads(text)
        return filled

    def key(self, seed: int) -> str:
        """A hash of all that the run does, whatever folder it is in."""
        what = json.dumps([self.recipe(seed), self.rival, self.settings], sort_keys=True)
        return hashlib.sha256(what.replace(str(REPOSITORY), "").encode()).hexdigest()[:16]

    def work_of(self, name: str, seed: int) -> Path:
        """Where a run of the same subject has its bundle and its state."""
        return WORK / self.subject.name / f"{name}.{seed}"

    def work(self, seed: int) -> Path:
        """Where a run has its bundle and its state; not committed."""
        return self.work_of(self.name, seed)

    def result(self, seed: int) -> Path:
        """The file with the run's figures; committed."""
        return RESULTS / self.subject.name / f"{self.name}.{seed}.json"
