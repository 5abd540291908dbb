"""Latency of bare inference."""

from __future__ import annotations

import os

import numpy as np
import pytest

from edge_compress.inference.device import device_name
from edge_compress.inference.latency import latency_stats, measure_latency, sample_latency
from edge_compress.inference.session import ModelError


def test_each_model_is_timed_once_a_round(make_detector_onnx):
    models = {"small": make_detector_onnx(64, 96), "large": make_detector_onnx(512, 768)}
    rounds = []
    samples = sample_latency(models, rounds=20, warmup=1, on_round=rounds.append)
    assert rounds == list(range(1, 21))
    assert {name: len(values) for name, values in samples.items()} == {"small": 20, "large": 20}
    assert all((values > 0).all() for values in samples.values())
    # Sixty-four times the pixels: the order is certain, the figures are not looked at.
    assert np.median(samples["large"]) > np.median(samples["small"])


def test_a_time_limit_ends_the_rounds_but_one_is_always_done(make_detector_onnx):
    samples = sample_latency({"m": make_detector_onnx()}, rounds=10_000_000, seconds=0.05)
    assert 1 <= len(samples["m"]) < 10_000_000
    assert len(sample_latency({"m": make_detector_onnx()}, rounds=5, seconds=0.0)["m"]) == 1


def test_the_summary_says_where_and_how_it_was_measured(make_detector_onnx):
    stats = measure_latency({"m": make_detector_onnx()}, threads=1, rounds=7)["m"]
    assert (stats.runs, stats.threads, stats.provider) == (7, 1, "cpu")
    assert stats.device == device_name()
    assert 0 < stats.p50 <= stats.p90 <= stats.p99


def test_threads_left_to_the_runtime_are_written_down_as_the_cpus():
    assert latency_stats(np.array([1.0]), threads=0).threads == os.cpu_count()


def test_percentiles_are_those_of_the_samples():
    stats = latency_stats(np.arange(101.0), threads=2)
    assert (stats.p50, stats.p90, stats.p99, stats.runs) == (50, 90, 99, 101)


def test_a_model_that_cannot_be_loaded_is_named(tmp_path, make_detector_onnx):
    (tmp_path / "bad.onnx").write_bytes(b"bad")
    with pytest.raises(ModelError, match=r"bad\.onnx"):
        sample_latency({"good": make_detector_onnx(), "bad": tmp_path / "bad.onnx"})


def test_a_board_goes_by_its_own_name(tmp_path):
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    model = tmp_path / "proc/device-tree/model"
    model.write_bytes(b"NVIDIA Jetson Orin NX Engineering Reference Developer Kit\0")
    assert device_name(tmp_path) == "NVIDIA Jetson Orin NX Engineering Reference Developer Kit"


def test_a_pc_goes_by_its_cpu(tmp_path):
    (tmp_path / "proc").mkdir()
    text = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nflags\t\t: fpu\n"
    (tmp_path / "proc/cpuinfo").write_text(text)
    assert device_name(tmp_path) == "Some CPU @ 2.00GHz"


def test_any_machine_has_a_name(tmp_path):
    assert device_name(tmp_path)
