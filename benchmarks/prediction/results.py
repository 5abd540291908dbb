"""What the benchmark of predictions leaves behind, and what is read off it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from edge_compress.bundle.schema import StrictModel

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "prediction" / "prediction.json"
PAGE = ROOT / "docs" / "prediction.md"
GOAL_ERROR, GOAL_RANK, GOAL_MODELS = 0.10, 0.95, 30


class ModelRow(StrictModel):
    """One model; p50 and least of its runs, and what the table predicts for p50, in ms."""

    name: str
    family: str
    kernels: int
    measured_ms: float
    least_ms: float
    predicted_ms: float
    runs: int
    unknown: tuple[str, ...] = ()

    @property
    def error(self) -> float:
        """Predicted by measured, less one: above 0 the prediction is too slow."""
        return self.predicted_ms / self.measured_ms - 1


class Results(StrictModel):
    """One run of the benchmark."""

    device: str
    threads: int
    minutes: float
    networks: int
    table_rows: int
    libraries: dict[str, str]
    learn_seconds: float
    predict_seconds: float
    models: tuple[ModelRow, ...]

    @property
    def errors(self) -> np.ndarray:
        """Size of each relative error, float64 [models]."""
        return np.abs([row.error for row in self.models])

    @property
    def median_error(self) -> float:
        """Of the models, relative."""
        return float(np.median(self.errors))

    @property
    def rank(self) -> float:
        """Spearman's correlation of predicted and measured latency."""
        measured = [row.measured_ms for row in self.models]
        return float(spearmanr(measured, [row.predicted_ms for row in self.models])[0])

    @property
    def goals_reached(self) -> bool:
        """Whether the goals of the page are."""
        return (
            self.median_error <= GOAL_ERROR
            and self.rank >= GOAL_RANK
            and len(self.models) >= GOAL_MODELS
        )


def save(results: Results) -> None:
    """Write the figures."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(results.model_dump_json(indent=1) + "\n", encoding="utf-8")
