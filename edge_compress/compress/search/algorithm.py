"""How a search chooses what to try next, as a search file says it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from edge_compress.bundle.schema import StrictModel


class Genetic(StrictModel):
    """NSGA-II: Deb, Pratap, Agarwal and Meyarivan, 2002, doi:10.1109/4235.996017."""

    kind: Literal["genetic"] = "genetic"
    population: int = Field(10, ge=2, description="candidates a generation")
    crossover: float = Field(0.9, ge=0, le=1, description="share of children with two parents")
    mutation: float | None = Field(
        None, ge=0, le=1, description="chance of each parameter; unset: one of all on average"
    )


class Annealing(StrictModel):
    """Simulated annealing: Kirkpatrick, Gelatt and Vecchi, 1983, doi:10.1126/science.220.4598.671.

    With several objectives each step weighs them anew: after Serafini, 1994, and Ulungu, Teghem,
    Fortemps and Tuyttens, 1999 (MOSA).
    """

    kind: Literal["annealing"] = "annealing"
    start: int = Field(6, ge=1, description="random candidates first; the best is walked from")
    temperature: float = Field(
        0.1, gt=0, description="at first, in spreads of the objective among candidates"
    )
    cooling: float = Field(0.93, gt=0, lt=1, description="factor of the temperature a candidate")
    moves: int = Field(1, ge=1, description="parameters that one move changes, at most")


class Tpe(StrictModel):
    """Tree-structured Parzen estimator: Bergstra et al., 2011; Watanabe, arXiv:2304.11127."""

    kind: Literal["tpe"] = "tpe"
    start: int = Field(10, ge=1, description="random candidates first")


class Random(StrictModel):
    """Every candidate is equally likely: what the others are to beat."""

    kind: Literal["random"] = "random"


def _word(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


Algorithm: TypeAlias = Annotated[
    Annotated[Genetic | Annealing | Tpe | Random, Field(discriminator="kind")],
    BeforeValidator(_word),
]
"""One of them; in YAML a plain word stands for its defaults: ``algorithm: genetic``."""
