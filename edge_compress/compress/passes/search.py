"""Search inside a recipe: which passes, and how much of each, are best for the model at hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from pydantic import Field, PrivateAttr, TypeAdapter, ValidationInfo, model_validator

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.checks import PassError, check_passes
from edge_compress.compress.pass_base import Aim, Context, Pass, PassFailed
from edge_compress.compress.search.algorithm import Algorithm, Genetic
from edge_compress.compress.search.covering import covering
from edge_compress.compress.search.domain import SpaceError
from edge_compress.compress.search.space import Space


class Search(Pass):
    """Try other passes on the model as it is now, and keep what the best of them make of it.

    Every candidate must keep the budget's `max_drop` on the frames to choose by. Trainings are as
    long as they are written: for whole recipes, with short trainings to rank by and many workers,
    there is `edge_compress search`.
    """

    kind: Literal["search"] = "search"
    passes: tuple[dict[str, Any], ...] = Field(
        min_length=1, description="as a recipe's, in which any value may be `{search: ...}`"
    )
    objective: Literal["latency", "size", "quality"] = Field(
        "latency", description="in which the best is kept"
    )
    algorithm: Algorithm = Genetic()
    trials: int = Field(20, ge=1, description="candidates that are tried")
    minutes: float | None = Field(None, gt=0, description="no candidate is begun after that")

    _folder: Path | None = PrivateAttr(None)  # that relative paths in `passes` are relative to

    @model_validator(mode="after")
    def _passes_can_be_made(self, info: ValidationInfo) -> Search:
        self._folder = info.context["folder"] if info.context else None
        for one in self.passes:
            if one.get("kind") == "search":
                raise ValueError("a `search` pass cannot be in another: put its passes here")
        try:
            self.samples()
        except SpaceError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def aim(self) -> Aim:
        """As that of a single pass that gains in the objective."""
        return "accuracy" if self.objective == "quality" else "speed"

    @property
    def replaces_layers(self) -> bool:
        """What is found may have other layers."""
        return True

    @property
    def files(self) -> tuple[Path, ...]:
        """Those of all passes that may be taken."""
        found = [path for passes in self.samples() for one in passes for path in one.files]
        return tuple(dict.fromkeys(found))

    @property
    def space(self) -> Space:
        """What is searched.

        Raises:
            SpaceError: for an empty or contradictory space.
        """
        return Space.of({"passes": list(self.passes)})

    def filled(self, mapping: Mapping[str, Any]) -> tuple[Pass, ...]:
        """The passes of a filled space.

        Raises:
            ValidationError: for a key that is wrong.
        """
        from edge_compress.compress.passes import AnyPass  # here, since this pass is one of them

        context = {"folder": self._folder} if self._folder else None
        made: tuple[Pass, ...] = TypeAdapter(tuple[AnyPass, ...]).validate_python(
            mapping["passes"], context=context
        )
        return made

    def samples(self) -> list[tuple[Pass, ...]]:
        """Some of the choices, in which every option and every end of a range occurs."""
        space = self.space
        return [self.filled(space.fill(values)) for values in covering(space)]

    def check(self, candidate: Candidate, context: Context) -> None:
        """See that at least one choice of passes fits the model.

        Raises:
            PassFailed: when none does.
        """
        failure: PassError | None = None
        for passes in self.samples():
            try:
                return check_passes(passes, candidate, context)
            except PassError as error:
                failure = error
        raise PassFailed(str(failure))

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        """Return the best candidate that keeps the budget's `max_drop`.

        Raises:
            PassFailed: when there is none; the message says why.
        """
        # Here, since measuring needs all of compression, and that needs the passes.
        from edge_compress.compress.search.within import Within

        with TemporaryDirectory(prefix="edge_compress-") as folder:
            return Within(self, candidate, context, Path(folder)).best()
