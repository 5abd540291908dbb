"""One latency for all of a search: measured in turns with the original, or predicted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from invented_machine import invented_table

from edge_compress.compress.latency import LatencyMeter, check_target, timed_profile
from edge_compress.compress.target import Target
from edge_compress.inference.device_table.errors import DeviceTableError
from edge_compress.inference.device_table.graph import Graph
from edge_compress.inference.device_table.table import save_table


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, Path]:
    """The same network with 1, and with 16 times the work."""
    folder = tmp_path_factory.mktemp("models")
    files = {}
    for name, width in {"small": 16, "large": 64}.items():
        graph = Graph(np.random.default_rng(0), (1, 3, 64, 64))
        x = graph.conv(graph.conv(graph.input, width, (3, 3)), width, (3, 3))
        files[name] = folder / f"{name}.onnx"
        files[name].write_bytes(graph.model(x))
    return files


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("table") / "robot.json"
    save_table(invented_table(6), path)
    return path


def test_a_measured_latency_is_the_originals_times_the_ratio(models):
    meter = LatencyMeter(models["large"], Target())
    small = meter.of(models["small"])
    assert not meter.predicted
    assert not small.predicted
    assert 0 < small.ratio < 1
    assert small.ms == pytest.approx(meter.original_ms * small.ratio)


def test_workers_share_the_scale_that_one_has_measured(models):
    meter = LatencyMeter(models["large"], Target(), original_ms=40.0)
    assert meter.original_ms == 40.0
    small = meter.of(models["small"])
    assert small.ms == pytest.approx(40.0 * small.ratio)


def test_with_a_device_table_nothing_is_timed(models, table):
    target = Target(device=str(table))
    meter = LatencyMeter(models["large"], target, original_ms=40.0)
    assert meter.predicted
    small, again = meter.of(models["small"]), meter.of(models["small"])
    assert small == again
    assert small.predicted
    assert 0 < small.ratio < 1
    assert small.ratio == pytest.approx(small.ms / meter.original_ms)
    assert meter.original_ms != 40.0


def test_a_table_is_looked_at_before_any_work(tmp_path, table):
    check_target(Target())
    check_target(Target(device=str(table)))
    with pytest.raises(DeviceTableError, match="no such device table"):
        check_target(Target(device=str(tmp_path / "missing.json")))


def test_integers_for_a_gpu_are_not_timed_on_a_cpu():
    files = ("fp32", "ort-cpu", "tensorrt")
    assert timed_profile(files, Target()) == "ort-cpu"
    assert timed_profile(("fp32",), Target()) == "fp32"
    assert timed_profile(files, Target(profile="tensorrt")) == "fp32"
