"""The page of predictions says what its figures say."""

from __future__ import annotations

import pytest

from benchmarks.prediction import page
from benchmarks.prediction.results import PAGE, RESULTS, ModelRow, Results


def row(name: str, measured: float, predicted: float, family: str = "any") -> ModelRow:
    return ModelRow(
        name=name,
        family=family,
        kernels=10,
        measured_ms=measured,
        least_ms=measured,
        predicted_ms=predicted,
        runs=10,
    )


@pytest.fixture
def results() -> Results:
    return Results(
        device="Board",
        threads=1,
        minutes=4,
        networks=100,
        table_rows=1000,
        libraries={"onnxruntime": "1.0"},
        learn_seconds=1,
        predict_seconds=0.1,
        models=(row("a", 1, 1.2), row("b", 2, 1.9, "other"), row("c", 4, 4)),
    )


def test_errors_and_ranks_are_of_predicted_against_measured(results):
    assert results.errors == pytest.approx([0.2, 0.05, 0.0])
    assert results.median_error == pytest.approx(0.05)
    assert results.rank == pytest.approx(1.0)
    assert not results.goals_reached  # three models are too few to say so


def test_a_page_shows_every_model_and_each_family(results, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "PAGE", tmp_path / "prediction.md")
    page.write(results)
    text = (tmp_path / "prediction.md").read_text()
    assert "**3 models: median error 5.0%" in text
    assert "| a | 10 | 1.000 | 1.200 | +20.0% |" in text
    assert "| other | 1 | 5.0% | 5.0% |" in text
    assert "They are not both reached." in text


@pytest.mark.skipif(not RESULTS.exists(), reason="nothing was measured yet")
def test_the_page_is_written_from_the_committed_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "PAGE", tmp_path / "prediction.md")
    page.write(Results.model_validate_json(RESULTS.read_text()))
    written = (tmp_path / "prediction.md").read_text()
    assert PAGE.read_text() == written, "run `python -m benchmarks prediction`"
