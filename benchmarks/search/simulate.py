"""A search on the table: the sampler that a real search uses, without a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import optuna

from benchmarks.search.table import SPACE, Architecture, Value, key
from edge_compress.compress.search.algorithm import Algorithm, Annealing, Genetic, Random, Tpe
from edge_compress.compress.search.samplers import sampler_for
from edge_compress.compress.search.space import Space

Table = Mapping[tuple[Value, ...], Architecture]
Objective = Literal["accuracy", "macs"]

ALGORITHMS: dict[str, Algorithm] = {
    "genetic": Genetic(),
    "annealing": Annealing(),
    "tpe": Tpe(),
    "random": Random(),
}
RIVAL = "random"


def tried(
    algorithm: Algorithm, seed: int, table: Table, evaluations: int, objectives: Sequence[Objective]
) -> list[Architecture]:
    """What a search asks for, one after the other; no architecture twice."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = Space.of({name: {"search": list(values)} for name, values in SPACE.items()})
    study = optuna.create_study(
        directions=["maximize" if name == "accuracy" else "minimize" for name in objectives],
        sampler=sampler_for(algorithm, seed, space),
    )
    asked = []
    for _ in range(evaluations):
        trial = study.ask(dict(space.distributions))
        architecture = table[key(trial.params)]
        study.tell(trial, [float(getattr(architecture, name)) for name in objectives])
        asked.append(architecture)
    return asked
