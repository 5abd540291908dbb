"""The device table as a file."""

from __future__ import annotations

import json

import pytest

from edge_compress.inference.device_table.errors import DeviceTableError
from edge_compress.inference.device_table.measure import measure_table
from edge_compress.inference.device_table.table import (
    SCHEMA_VERSION,
    check_writable,
    load_table,
    save_table,
)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Three networks, on a robot whose heat and power mode can be read."""
    root = tmp_path_factory.mktemp("root")
    for path, text in {
        "sys/devices/virtual/thermal/thermal_zone0/type": "CPU-therm",
        "sys/devices/virtual/thermal/thermal_zone0/temp": "48500",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance",
        "proc/device-tree/model": "Robot Board 2\0",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    shares = []
    table = measure_table(networks=3, root=root, on_network=shares.append)
    assert shares == pytest.approx([1 / 3, 2 / 3, 1])
    return table


@pytest.fixture
def path(table, tmp_path):
    path = tmp_path / "robot.json"
    save_table(table, path)
    return path


def test_a_table_tells_of_the_machine_and_of_its_kernels(table):
    assert table.device == "Robot Board 2"
    assert (table.provider, table.threads) == ("cpu", 1)
    assert table.celsius_before == table.celsius_after == {"CPU-therm": 48.5}
    assert "performance" in table.power_mode
    assert table.block in (1, 4, 8, 16, 32)
    assert set(table.libraries) >= {"edge_compress", "onnxruntime", "numpy"}
    assert len(table.whole) == 3
    kernels = {row.operator for row in table.rows}
    assert any("Conv" in name for name in kernels)
    for row in table.rows:
        assert row.p25_ms <= row.p50_ms
        assert row.runs >= 10


def test_what_is_written_is_read_again(table, path):
    assert load_table(path) == table
    lines = path.read_text().splitlines()
    assert sum('"operator"' in line for line in lines) == len(table.rows)  # one row a line
    assert [p.name for p in path.parent.iterdir()] == ["robot.json"]


def test_a_table_takes_the_place_of_an_older_one_and_of_nothing_else(table, path):
    check_writable(path)
    save_table(table.model_copy(update={"device": "other"}), path)
    assert load_table(path).device == "other"
    notes = path.with_name("notes.txt")
    notes.write_text("mine")
    with pytest.raises(DeviceTableError, match="no device table; it is left alone"):
        check_writable(notes)
    with pytest.raises(DeviceTableError, match="there is no folder"):
        check_writable(path.parent / "missing" / "robot.json")


def _changed(path, change) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda c: c.update(schema_version=SCHEMA_VERSION + 1), "made by a newer edge_compress"),
        (lambda c: c.pop("schema_version"), "is no device table"),
        (lambda c: c.update(rows=[]), "rows"),
        (lambda c: c["rows"][0].update(p50_ms=-1), r"rows\.0\.p50_ms"),
        (lambda c: c.update(extra=1), "extra"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_name(path, change, told):
    _changed(path, change)
    with pytest.raises(DeviceTableError, match=rf"robot\.json: .*{told}"):
        load_table(path)


def test_files_that_are_no_table(tmp_path):
    with pytest.raises(DeviceTableError, match="no such device table; write it on the robot"):
        load_table(tmp_path / "robot.json")
    (tmp_path / "half.json").write_text('{"schema_version": 1, "rows": [')
    with pytest.raises(DeviceTableError, match=r"half\.json: is not JSON"):
        load_table(tmp_path / "half.json")


def test_a_provider_that_does_not_tell_kernel_times_is_refused():
    with pytest.raises(DeviceTableError, match="measured on the CPU"):
        measure_table(provider="cuda", networks=1)
