"""The searches in config/search can be used as their comments say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from searches import write_digits

from edge_compress.bundle.reader import Bundle
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.search.config import SearchConfig, load_search
from edge_compress.compress.search.plan import Plan
from edge_compress.compress.search.run import search

SEARCHES = Path(__file__).parents[3] / "config/search"


@pytest.mark.parametrize("path", sorted(SEARCHES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_search_is_ready_to_run(path):
    plan = Plan.of(load_search(path), path)
    assert len(plan.space.parameters) >= 6
    assert path.read_text().startswith("# ")


def in_short(name: str, **changes) -> SearchConfig:
    """The same space, with two candidates, one epoch and what `changes` say."""
    content = yaml.safe_load((SEARCHES / f"{name}.yaml").read_text())
    content.update(trials=2, minutes=None, finalists=1)
    content["recipe"].update(changes)
    for pass_ in content["recipe"]["passes"]:
        for key in ("schedule", "recovery"):
            if key in pass_:
                pass_[key] = {"epochs": 1, "batch_size": 8}
        if pass_.get("kind") == "prune":
            pass_.update(steps=1, frames=4, statistics_frames=4)
    return SearchConfig.model_validate(content)


@pytest.mark.slow
def test_an_architecture_is_searched_in_short(tmp_path):
    write_digits(tmp_path / "digits", 200, 50)
    data = {"format": "mnist", "folder": "digits", "validation": 0.2}
    config = in_short("mnist_architecture", data=data)
    found = search(config, tmp_path / "x.bundle", origin=tmp_path / "search.yaml")
    assert len(found.record.trials) == 2
    assert not [row.why for row in found.record.trials if row.state == "failed"]
    assert Bundle.open(found.bundle).manifest.task == "classification"
    assert load_recipe(found.folder / "recipe.yaml").model.arguments["classes"] == 10


@pytest.mark.slow
@pytest.mark.timeout(900)  # many trainings and measurements of a whole detector
def test_a_recipe_for_footage_is_searched_in_short(tmp_path):
    data = {
        "frames": "asset:vtest.avi",
        "learn": {"start": 0, "count": 5},
        "held_out": {"start": 495, "count": 3},
    }
    target = {"budget": {"max_drop": 1}}
    short = in_short("yolox_nano_vtest", data=data, target=target)
    config = short.model_copy(update={"trials": 1})
    found = search(config, tmp_path / "x.bundle", origin=tmp_path / "search.yaml")
    assert not [row.why for row in found.record.trials if row.state == "failed"]
    assert found.record.original.quality == 1.0
    assert found.record.original.latency_ms > 0
    (finalist,) = found.record.finalists
    assert finalist.measured.agreement_ap50 is not None
    assert Bundle.open(found.bundle).manifest.labels == ("person", "car", "truck")
