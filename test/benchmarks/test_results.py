"""The experiments can be run, and docs/ says what their figures say."""

from __future__ import annotations

import functools

from benchmarks.techniques import page
from benchmarks.techniques.experiments import EXPERIMENTS
from benchmarks.techniques.figures import read
from benchmarks.techniques.goals import GOALS
from benchmarks.techniques.rivals import PLACEHOLDER
from edge_compress import assets
from edge_compress.compress.recipe import Recipe


def test_the_recipe_of_every_experiment_is_valid(monkeypatch):
    monkeypatch.setattr(assets, "fetch", functools.cache(assets.fetch))  # hashes 200 MB
    for experiment in EXPERIMENTS:
        content = experiment.recipe(seed=1)
        passes = content["passes"] or [PLACEHOLDER]  # another tool's has none
        assert Recipe.model_validate({**content, "passes": passes}).seed == 1


def test_names_are_unique_and_goals_are_of_known_experiments():
    names = [experiment.id for experiment in EXPERIMENTS]
    assert len(set(names)) == len(names)
    assert {name for goal in GOALS for name in (goal.experiment, goal.than) if name} <= set(names)


def test_committed_figures_are_of_the_experiments_as_they_are():
    for experiment in EXPERIMENTS:
        for seed in experiment.seeds:
            result = read(experiment.result(seed))
            assert result is None or result.key == experiment.key(seed), experiment.result(seed)


def test_the_pages_say_what_the_figures_say(tmp_path, monkeypatch):
    written = {path.name: path.read_text() for path in page.DOCS.glob("*.md")}
    monkeypatch.setattr(page, "DOCS", tmp_path)
    page.write()
    for path in tmp_path.glob("*.md"):
        assert written[path.name] == path.read_text(), f"docs/{path.name}: run `make results`"
