"""What a search leaves behind for its report: every candidate, the front, and what was chosen."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field

from edge_compress.bundle.schema import Measurement, StrictModel, Task
from edge_compress.compress.target import Target

ObjectiveName = Literal["quality", "latency", "size", "energy"]
TrialState = Literal["complete", "infeasible", "failed", "stopped"]


class CandidateFigures(StrictModel):
    """What was found out about one candidate while ranking; what is unknown is absent.

    The quality is that of short training on the frames to choose by. It ranks candidates, and is no
    figure to promise: a finalist's figures are measured anew on held-out frames.
    """

    quality: float | None = Field(None, ge=0, le=1, description="accuracy or agreement, 0-1")
    latency_ms: float | None = Field(None, ge=0, description="p50, measured on this machine")
    latency_predicted_ms: float | None = Field(None, ge=0, description="from a device's table")
    size_bytes: int | None = Field(None, gt=0, description="of the file that the target would run")
    params: int | None = Field(None, ge=0)
    macs: int | None = Field(None, ge=0, description="multiply-accumulates for one frame")
    energy_mj: float | None = Field(None, ge=0, description="per inference, in millijoules")

    @property
    def latency(self) -> float | None:
        """The latency that counts, in milliseconds.

        With a device table that is the prediction, even where it was measured besides.
        """
        return self.latency_ms if self.latency_predicted_ms is None else self.latency_predicted_ms

    def value(self, objective: ObjectiveName) -> float | None:
        """The figure of an objective: quality 0-1, milliseconds, bytes, or millijoules."""
        values: dict[ObjectiveName, float | None] = {
            "quality": self.quality,
            "latency": self.latency,
            "size": self.size_bytes,
            "energy": self.energy_mj,
        }
        return values[objective]

    def cost(self, objective: ObjectiveName) -> float:
        """The same with the sign that makes less better; infinite where it is not known."""
        value = self.value(objective)
        if value is None:
            return math.inf
        return -value if objective == "quality" else value


class TrialRow(CandidateFigures):
    """One candidate.

    States: ``complete``: meets the budget; ``infeasible``: does not, `why` says by how much;
    ``stopped``: given up on the way as hopeless; ``failed``: could not be made, `why` says why.
    """

    number: int = Field(ge=0)
    parameters: dict[str, Any] = Field(description="value of each, by its path in the recipe")
    state: TrialState
    why: str = Field("", description="one sentence, unless complete")
    seconds: float = Field(ge=0)
    worker: str = Field("", description="who tried it: host and process")


class FinalistRow(StrictModel):
    """A point of the front, trained in full and measured on held-out frames."""

    number: int = Field(ge=0, description="of its trial")
    bundle: str | None = Field(None, description="name in the search's folder; None if it failed")
    measured: Measurement | None = Field(None, description="of the file that the target would run")
    figures: CandidateFigures | None = Field(
        None, description="the same with the latency that decided: on the scale of the trials"
    )
    reference_quality: float | None = Field(
        None, ge=0, le=1, description="on these frames, that `max_drop` is taken from"
    )
    meets_budget: bool = False
    why: str = Field("", description="what it misses, or why it failed")


class Best(StrictModel):
    """A trial that was better in one objective than all that met the budget before it."""

    number: int = Field(ge=0)
    value: float = Field(description="quality 0-1, milliseconds, bytes, or millijoules")


class History(StrictModel):
    """How an objective's best value came down, or up, in the order of trials."""

    algorithm: str
    objective: ObjectiveName
    best: tuple[Best, ...] = Field(description="each better than the one before")


class SearchRecord(StrictModel):
    """A whole search."""

    name: str
    task: Task
    device: str = Field(description="the machine that latency was measured on, or the table's")
    target: Target
    labelled: bool = Field(description="quality is accuracy against labels, else agreement")
    objectives: tuple[ObjectiveName, ...] = Field(min_length=1)
    algorithm: str = Field(description="its kind, such as genetic")
    seed: int
    space: dict[str, str] = Field(description="each parameter with its range or choices in words")
    trials: tuple[TrialRow, ...] = Field(description="by number, ascending")
    front: tuple[int, ...] = Field(description="no other trial that meets the budget beats these")
    finalists: tuple[FinalistRow, ...] = ()
    chosen: int | None = Field(None, description="the best finalist that meets the budget")
    closest: int | None = Field(None, description="where nothing meets it: what comes nearest")
    binding: str = Field("", description="which limit of the budget decided, in one sentence")
    original: CandidateFigures | None = Field(
        None, description="what every candidate begins with; None where the model is searched too"
    )
    reference_quality: float | None = Field(
        None, ge=0, le=1, description="that `max_drop` is taken from; None as for `original`"
    )
    importance: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="by objective: each parameter's share of the variance"
    )
    histories: tuple[History, ...] = ()
    recipe: str = Field("", description="the chosen recipe as YAML, ready for `compress`")
    warnings: tuple[str, ...] = ()
    seconds: float = Field(0.0, ge=0, description="of all trials and finalists together")
    created: str = Field(description="UTC, ISO 8601")
    libraries: dict[str, str]
