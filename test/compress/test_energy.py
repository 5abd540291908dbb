"""Energy of one inference, from a power meter that is there or is not."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from edge_compress.compress.acceptance import unmet
from edge_compress.compress.energy import EnergyError, check_energy, energy_mj
from edge_compress.compress.target import Budget, Target
from edge_compress.inference.device_table.graph import Graph
from edge_compress.telemetry.energy import EnergyMeter

WATTS = 6.0


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A Jetson whose input draws 6 W."""
    chip = tmp_path / "sys/bus/i2c/devices/1-0040"
    hwmon = chip / "hwmon/hwmon3"
    hwmon.mkdir(parents=True)
    (chip / "name").write_text("ina3221\n")
    for name, text in {"in1_label": "VDD_IN", "in1_input": "5000", "curr1_input": "1200"}.items():
        (hwmon / name).write_text(text)
    return tmp_path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    graph = Graph(np.random.default_rng(0), (1, 3, 64, 64))
    path = tmp_path / "model.onnx"
    path.write_bytes(graph.model(graph.conv(graph.input, 32, (3, 3))))
    return path


def test_energy_is_power_times_the_time_of_one_inference(board, model, monkeypatch):
    """Whatever the speed: all runs together take as long as the watts were drawn."""
    from edge_compress.inference.onnxruntime_session import OrtSession

    ended = []
    run = OrtSession.run

    def noted(session, tensor):
        output = run(session, tensor)
        ended.append(time.monotonic())
        return output

    readings = []
    add = EnergyMeter.add

    def read(meter, now_s, watts, inferences):
        readings.append(now_s)
        add(meter, now_s, watts, inferences)

    monkeypatch.setattr(OrtSession, "run", noted)
    monkeypatch.setattr(EnergyMeter, "add", read)
    found = energy_mj(model, Target(), seconds=0.4, root=board)
    runs = sum(readings[0] < end <= readings[-1] for end in ended)
    mean_s = (readings[-1] - readings[0]) / runs
    assert found == pytest.approx(WATTS * mean_s * 1000, rel=0.01)


def test_without_a_meter_it_is_said_before_any_work(tmp_path):
    with pytest.raises(EnergyError, match="no power meter that can be read"):
        check_energy(Target(budget=Budget(energy_mj=5)), root=tmp_path)


def test_a_counter_gives_its_power_only_after_a_while(tmp_path):
    """RAPL counts energy: at the first look there are no watts yet."""
    domain = tmp_path / "sys/class/powercap/intel-rapl:0"
    domain.mkdir(parents=True)
    (domain / "name").write_text("package-0")
    (domain / "energy_uj").write_text("1000000")
    counting = threading.Timer(0.01, lambda: (domain / "energy_uj").write_text("1500000"))
    counting.start()
    assert [source.name for source in check_energy(Target(), root=tmp_path)] == ["package-0"]
    counting.join()


def test_a_table_of_another_machine_knows_no_energy(board):
    with pytest.raises(EnergyError, match=r"a table of another \(robot\.json\)"):
        check_energy(Target(device="robot.json"), root=board)


def test_a_budget_of_energy_is_held_against_the_end():
    from edge_compress.bundle.schema import Measurement

    final = Measurement(size_bytes=1, params=1, macs=1, accuracy=0.9, energy_mj=7.5)
    budget = Budget(energy_mj=5.0)
    assert unmet(final, budget, 0.9) == [
        "budget not met: an inference takes 7.5 mJ, 5 mJ were asked for"
    ]
    assert unmet(final.model_copy(update={"energy_mj": 5.0}), budget, 0.9) == []


def test_a_counter_that_stands_still_is_no_energy_of_nothing(model, tmp_path):
    domain = tmp_path / "sys/class/powercap/intel-rapl:0"
    domain.mkdir(parents=True)
    (domain / "name").write_text("package-0")
    (domain / "energy_uj").write_text("1000000")
    with pytest.raises(EnergyError, match="stopped giving readings"):
        energy_mj(model, Target(), seconds=0.1, root=tmp_path)
