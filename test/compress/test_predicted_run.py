"""A recipe for another machine: latency is predicted from its table, and told as predicted."""

from __future__ import annotations

import io
import json

import pytest
from invented_machine import invented_table
from rich.console import Console

from edge_compress.bundle.reader import Bundle
from edge_compress.cli.main import main
from edge_compress.compress import pipeline
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.report import terminal_table
from edge_compress.errors import EdgeCompressError
from edge_compress.inference.device_table.table import save_table


@pytest.fixture
def recipe(write_recipe, tmp_path, tiny):
    """Two passes on the heavy detector for the invented board, with a latency it cannot reach."""
    save_table(invented_table(8), tmp_path / "robot.json")
    target = {"device": "robot.json", "budget": {"latency_ms": 0.001}}
    path = write_recipe(model__source="tiny_detector:heavy", target=target)
    passes = (tiny.DropBallast(), tiny.AddBallast())
    return load_recipe(path).model_copy(update={"passes": passes})


def test_passes_are_judged_by_predictions_and_nothing_is_told_as_measured(recipe, tmp_path, capsys):
    bundle, record = pipeline.run(recipe, tmp_path / "tiny.bundle")

    assert [outcome.kept for outcome in record.outcomes] == [True, False]
    assert "x the predicted latency of the last kept model" in record.outcomes[0].why
    assert record.outcomes[0].latency_ratio < 1 < record.outcomes[1].latency_ratio
    for measured in (record.original, record.final, record.variants[0].measured):
        assert measured.latency_ms is None
        assert measured.predicted.device == "Robot Board 2"
    assert record.final.predicted.ms < record.original.predicted.ms
    assert record.latencies_ms.original == record.latencies_ms.compressed == ()

    warnings = " / ".join(record.warnings)
    assert "budget not met: predicted latency is" in warnings
    assert "latency is predicted from the device table robot.json of Robot Board 2" in warnings
    page = (bundle / "report.html").read_text()
    assert "predicted for Robot Board 2" in page
    assert "Every figure here was measured" not in page
    shown = io.StringIO()
    Console(file=shown, width=200).print(terminal_table(record))
    assert "predicted for Robot Board 2" in shown.getvalue()

    opened = Bundle.open(bundle)
    assert opened.manifest.variants[0].measured == record.final
    assert main(["inspect", str(bundle)]) == 0
    told = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "predicted from its device table" in told


@pytest.mark.slow
def test_the_same_run_predicts_the_same(recipe, tmp_path):
    first, second = (
        pipeline.run(recipe, tmp_path / f"{name}.bundle").record.outcomes for name in "ab"
    )
    assert [o.latency_ratio for o in first] == [o.latency_ratio for o in second]


def test_a_table_that_cannot_be_used_is_said_before_the_model_is_loaded(recipe, tmp_path):
    table = tmp_path / "robot.json"
    content = json.loads(table.read_text())
    table.write_text(json.dumps({**content, "schema_version": 99}))
    nowhere = recipe.model.model_copy(update={"source": "missing_module:factory"})
    with pytest.raises(EdgeCompressError, match="newer edge_compress"):
        pipeline.run(recipe.model_copy(update={"model": nowhere}), tmp_path / "tiny.bundle")
