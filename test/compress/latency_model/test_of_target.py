"""The latency model that belongs to a target."""

from __future__ import annotations

import pytest
from invented_machine import invented_table
from pydantic import ValidationError

from edge_compress.compress.latency_model.of_target import latency_model
from edge_compress.compress.recipe import Target, load_recipe
from edge_compress.compress.recipe_file import RecipeError
from edge_compress.inference.device_table.errors import DeviceTableError
from edge_compress.inference.device_table.table import save_table


@pytest.fixture(scope="module")
def table():
    return invented_table(1)


@pytest.fixture
def path(table, tmp_path):
    path = tmp_path / "robot.json"
    save_table(table, path)
    return path


def test_this_machine_is_measured_and_not_predicted():
    assert Target().device == "host"
    assert Target().device_table is None
    assert latency_model(Target()) is None


def test_a_table_is_learnt_once_until_the_file_changes(path, table):
    target = Target(device=str(path))
    first = latency_model(target)
    assert first.table == table
    assert latency_model(target) is first
    save_table(table.model_copy(update={"device": "other"}), path)
    assert latency_model(target).table.device == "other"


def test_a_table_of_other_threads_is_refused(path):
    with pytest.raises(DeviceTableError, match=r"robot\.json was measured with 1 thread.*2"):
        latency_model(Target(device=str(path), threads=2))


def test_a_table_of_another_provider_is_refused(path):
    with pytest.raises(DeviceTableError, match="on provider cpu, which does not run .*tensorrt"):
        latency_model(Target(device=str(path), profile="tensorrt"))


def test_a_recipe_finds_its_table_beside_itself(write_recipe, path):
    recipe = load_recipe(write_recipe(target={"device": "robot.json"}))
    assert recipe.target.device_table == path


def test_a_recipe_without_its_table_is_refused(write_recipe):
    with pytest.raises(RecipeError, match=r"`target\.device`: 'robot\.json' is not there"):
        load_recipe(write_recipe(target={"device": "robot.json"}))


def test_a_device_is_a_text():
    with pytest.raises(ValidationError):
        Target(device=3)
