"""A search from its file to its folder."""

from __future__ import annotations

import json
import os
import sys

import pytest
import torch
import yaml
from searches import write_digits, write_search

from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.reader import Bundle
from edge_compress.compress.networks.mlp import mlp
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.search.config import load_search
from edge_compress.compress.search.errors import SearchError
from edge_compress.compress.search.made_of import MADE_OF
from edge_compress.compress.search.plan import Plan
from edge_compress.compress.search.record import SearchRecord
from edge_compress.compress.search.run import JOURNAL, Found, join, search
from edge_compress.compress.search.storage import open_storage
from edge_compress.compress.search.study import REMEMBERED, StudyError
from edge_compress.pages import units


class Notes:
    """Remembers what a search says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def track(self, items, what, total):
        yield from items

    def note(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def folder(tmp_path):
    write_digits(tmp_path / "digits", 200, 50)
    return tmp_path


def searched(path, notes=None, **settings) -> Found:
    changes = {key: settings.pop(key) for key in ("trials", "minutes") if key in settings}
    config = load_search(path).model_copy(update=changes)
    output = path.parent / "found.bundle"
    return search(config, output, origin=path, progress=notes, **settings)


def test_a_search_leaves_a_bundle_its_recipe_and_all_figures(folder):
    path = write_search(folder, recipe__target={"budget": {"size_mb": 0.15}})
    bundle, place, record = searched(path)
    assert bundle == folder / "found.bundle"
    assert place == folder / "found.search"
    assert SearchRecord.model_validate_json((place / "search.json").read_text()) == record
    assert "digits" in (place / "report.html").read_text()

    assert len(record.trials) == 4
    assert len({str(row.parameters) for row in record.trials}) == 4
    assert {row.state for row in record.trials} == {"complete", "infeasible"}
    for row in record.trials:
        large = row.parameters["model.arguments.hidden"] == 64
        assert row.state == ("infeasible" if large else "complete"), row
        assert (row.quality is None) == large  # what is too large was not even trained
        assert row.latency_ms > 0
        assert ("MB, at most 0.15 MB is asked for" in row.why) == large
    assert set(record.front) <= {row.number for row in record.trials if row.state == "complete"}

    (finalist,) = record.finalists
    assert finalist.meets_budget
    assert record.chosen == finalist.number
    opened = Bundle.open(bundle)
    assert opened.manifest.variants[0].measured == finalist.measured
    assert finalist.measured.accuracy is not None  # on the held-out digits
    chosen = record.trials[record.chosen].parameters
    recipe = load_recipe(place / "recipe.yaml")
    assert recipe.model.arguments["hidden"] == chosen["model.arguments.hidden"]
    assert recipe.passes[0].schedule.epochs == 4  # in full, whatever ranking had
    assert record.recipe == (place / "recipe.yaml").read_text()


@pytest.mark.slow
def test_a_finished_search_is_not_done_again_but_goes_further_when_asked(folder):
    path = write_search(folder)
    first = searched(path).record
    with pytest.raises(BundleError, match="exists already"):
        searched(path)
    notes = Notes()
    again = searched(path, notes, overwrite=True).record
    assert again.trials == first.trials
    assert f"finalist {first.chosen}: finished in an earlier run" in notes.lines
    further = searched(path, overwrite=True, trials=6).record
    assert len(further.trials) == 6
    assert further.trials[:4] == first.trials
    fresh = searched(path, overwrite=True, fresh=True).record
    assert [row.parameters for row in fresh.trials] == [row.parameters for row in first.trials]
    assert fresh.trials != first.trials  # timed anew


@pytest.mark.slow
def test_another_search_in_the_same_folder_is_refused(folder):
    searched(write_search(folder, trials=1))
    other = write_search(folder, trials=1, objectives=["size"])
    with pytest.raises(StudyError, match="another search"):
        searched(other, overwrite=True)


def learnt_elsewhere(path, seed: int) -> None:
    torch.manual_seed(seed)
    torch.save(mlp(hidden=16).state_dict(), path)


@pytest.fixture
def of_weights(folder):
    """A search for a learning rate alone, on a network whose weights are in a file."""
    learnt_elsewhere(folder / "mlp.pth", 0)
    changes = {"recipe__model__arguments__hidden": 16, "recipe__model__weights": "mlp.pth"}
    return write_search(folder, trials=1, **changes)


def test_a_study_of_another_model_or_other_data_is_refused(of_weights):
    folder = of_weights.parent
    first = searched(of_weights)
    learnt_elsewhere(folder / "mlp.pth", 1)
    with pytest.raises(StudyError, match=r"study 'digits' in it was begun: model; .*--fresh"):
        searched(of_weights, overwrite=True)
    (folder / "digits").rename(folder / "before")
    write_digits(folder / "digits", 200, 40)
    with pytest.raises(StudyError, match="was begun: model, data; "):
        searched(of_weights, overwrite=True)
    assert Bundle.open(first.bundle)  # what is refused overwrites nothing

    notes = Notes()
    searched(of_weights, notes, overwrite=True, fresh=True)
    assert not any("earlier run" in line for line in notes.lines)
    searched(of_weights, notes, overwrite=True)
    assert "finalist 0: finished in an earlier run" in notes.lines


def test_the_code_of_networks_that_are_searched_is_a_part_of_the_study(folder, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    code = folder / "own_networks.py"
    code.write_text("from edge_compress.compress.networks.mlp import mlp as made\n")
    path = write_search(folder, recipe__model__source="own_networks:made", trials=1)
    searched(path)
    searched(path, overwrite=True)
    code.write_text(code.read_text() + "made = made\n")
    with pytest.raises(StudyError, match="was begun: model;"):
        searched(path, overwrite=True)


def test_an_earlier_versions_study_is_gone_on_with_but_its_finalists_are_trained(of_weights):
    place = searched(of_weights).folder
    storage = open_storage(place / JOURNAL)
    storage.set_study_user_attr(
        storage.get_study_id_from_name("digits"), REMEMBERED + MADE_OF, None
    )
    (note,) = place.glob("trial_*.json")
    old = json.loads(note.read_text())
    del old["made_of"]
    note.write_text(json.dumps(old))

    notes = Notes()
    record = searched(of_weights, notes, overwrite=True).record
    assert len(record.trials) == 1
    assert any("does not say what its candidates were made of" in line for line in notes.lines)
    assert not any("finalist 0: finished in an earlier run" in line for line in notes.lines)
    learnt_elsewhere(of_weights.parent / "mlp.pth", 1)
    with pytest.raises(StudyError, match="was begun: model;"):
        searched(of_weights, overwrite=True)


def test_a_finalist_of_another_model_is_trained_for_a_new_study(of_weights, tmp_path):
    """The folder is the same where the study lies elsewhere."""
    searched(of_weights)
    learnt_elsewhere(tmp_path / "mlp.pth", 1)
    notes = Notes()
    searched(of_weights, notes, overwrite=True, storage=tmp_path / "other.journal")
    assert not any("finalist 0: finished in an earlier run" in line for line in notes.lines)
    notes = Notes()
    searched(of_weights, notes, overwrite=True, storage=tmp_path / "other.journal")
    assert any("finalist 0: finished in an earlier run" in line for line in notes.lines)


def test_a_worker_with_copies_of_the_files_may_help(of_weights):
    """Their times of change, which stand for long footage, are others on another machine."""
    searched(of_weights)
    for file in (of_weights.parent / "digits").iterdir():
        os.utime(file, (1, 1))
    notes = Notes()
    journal = of_weights.parent / "found.search" / JOURNAL
    join(journal, trials=2, progress=notes)
    assert any(line.startswith("candidate 1: ") for line in notes.lines)


def test_a_budget_that_nothing_meets_is_told_with_what_comes_closest(folder):
    """Nothing is trained for ranking, since the files alone are too large."""
    path = write_search(folder, recipe__target={"budget": {"size_mb": 0.01}})
    record = searched(path, trials=6).record
    assert all(row.quality is None for row in record.trials)
    assert record.chosen is None
    assert record.front == ()
    closest = next(row for row in record.trials if row.number == record.closest)
    assert closest.parameters["model.arguments.hidden"] == 4
    size = units.megabytes(closest.size_bytes)
    assert record.binding.startswith(f"size binds: {size}, at most 0.01 MB is asked for")
    assert record.warnings[0].startswith(f"budget not met: candidate {record.closest} comes close")


def test_a_factory_that_raises_costs_its_own_candidates_alone(folder):
    path = write_search(
        folder, recipe__model__source="picky:picky", trials=6, objectives=["quality"]
    )
    record = searched(path).record
    failed = [row for row in record.trials if row.state == "failed"]
    assert {row.parameters["model.arguments.hidden"] for row in failed} == {16}
    assert len(failed) == 2
    assert "RuntimeError: not with 16" in failed[0].why
    assert "\n" not in failed[0].why
    assert any(told.startswith("2 of 6 candidates failed") for told in record.warnings)
    assert record.chosen is not None


def test_a_factory_that_always_raises_is_told_before_any_trial(folder):
    path = write_search(folder, recipe__model__source="picky:never")
    with pytest.raises(SearchError, match=r"none of the 3 networks.*not with"):
        searched(path)


def test_time_that_is_spent_ends_the_search_with_a_finalist(folder):
    """The few candidates that tell how long a finalist takes are not even all tried."""
    record = searched(write_search(folder, finalists=3), trials=6, minutes=1e-4).record
    assert len(record.trials) <= 1
    assert len(record.finalists) == len(record.trials)


def test_only_one_coordinator_works_in_a_folder(folder):
    import fcntl

    path = write_search(folder)
    (folder / "found.search").mkdir()
    with (folder / "found.search/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SearchError, match="--worker --storage"):
            searched(path)


def test_known_points_come_first(folder):
    known = {"model.arguments.hidden": 64, "passes.0.train.schedule.learning_rate": 1e-2}
    path = write_search(folder, first=[known], trials=1)
    record = searched(path).record
    assert record.trials[0].parameters == known
    assert Plan.of(load_search(path), path).space.size == 6
    assert yaml.safe_load(record.recipe)["model"]["arguments"] == {"hidden": 64}
