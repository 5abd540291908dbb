"""Clock, runtimes, power and heat."""

from __future__ import annotations

import sys

import onnxruntime
import pytest

from edge_compress.doctor import clock, ros, runtimes, state
from edge_compress.doctor.clock import KernelClock
from edge_compress.doctor.finding import Finding, worst

ORIN = {
    "proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0",
    "proc/device-tree/compatible": "nvidia,p3768\0nvidia,tegra234\0",
}


@pytest.mark.parametrize(
    ("told", "process", "level", "said"),
    [
        (KernelClock(True, 2.5), "chronyd", "OK", "by chrony, off by 2.5 ms"),
        (KernelClock(True, 2.5), "bash", "OK", "kept, off by"),
        (KernelClock(False, 16000), "systemd-timesyn", "WARN", "systemd-timesyncd runs, but"),
        (KernelClock(False, 16000), "bash", "WARN", "nothing keeps it"),
        (None, "ptp4l", "OK", "cannot be read here (adjtimex); ptp4l"),
    ],
)
def test_what_keeps_the_clock_is_said(machine, told, process, level, said):
    (found,) = clock.look(machine({"proc/77/comm": process}), lambda: told)
    assert found.level == level
    assert said in found.found
    assert bool(found.remedy) == (level == "WARN")


def test_this_kernel_tells_of_its_clock():
    told = clock.kernel_clock()
    assert told is None or 0 <= told.error_ms <= 16_001


def test_a_gpu_is_seen_by_its_driver_or_its_board(machine):
    assert runtimes.nvidia_gpu(machine()) == ""
    version = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22"
    assert "550.54.14" in runtimes.nvidia_gpu(machine({"proc/driver/nvidia/version": version}))
    assert "Orin Nano" in runtimes.nvidia_gpu(machine(ORIN))


def test_a_machine_without_gpu_lacks_nothing(machine):
    findings = runtimes.look(machine())
    assert {finding.level for finding in findings} == {"OK"}
    assert any(onnxruntime.__version__ in finding.found for finding in findings)


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="has one"
)
def test_a_gpu_that_nothing_can_use_is_a_warning(machine, levels):
    found = levels(runtimes.look(machine(ORIN)))
    assert found["ONNX Runtime"] == found["TensorRT"] == "WARN"


def test_without_any_runtime_no_model_runs(machine, levels, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    findings = runtimes.look(machine())
    assert levels(findings)["ONNX Runtime"] == "ERROR"
    assert any("pip install onnxruntime" in finding.remedy for finding in findings)


def test_without_onnx_the_gpu_is_looked_at_all_the_same(machine, levels, monkeypatch):
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPU"]
    )
    assert "onnx" not in levels(runtimes.look(machine(ORIN)))
    monkeypatch.setitem(sys.modules, "onnx", None)
    found = {finding.what: finding for finding in runtimes.look(machine(ORIN))}
    assert found["onnx"].level == "WARN"
    assert found["onnx"].remedy == "pip install onnx"
    assert "onnx'" not in found["ONNX Runtime"].found  # CUDA does without it


def test_a_machine_without_gpu_needs_no_onnx(machine, levels, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert set(levels(runtimes.look(machine())).values()) == {"OK"}


def test_a_provider_is_tried_not_believed():
    assert runtimes.failure("CPUExecutionProvider") == ""
    assert runtimes.failure("NoSuchExecutionProvider") != ""


def test_heat_and_supply_come_with_their_remedies(machine, levels):
    hot = machine(
        {
            **ORIN,
            "sys/devices/virtual/thermal/thermal_zone0/type": "tj-thermal",
            "sys/devices/virtual/thermal/thermal_zone0/temp": "97500",
            "sys/devices/platform/soc/soc:firmware/get_throttled": "1",
            "var/lib/nvpmodel/status": "pmode:0002",
        }
    )
    findings = state.look(hot)
    assert levels(findings)["temperature"] == "ERROR"
    assert levels(findings)["throttling"] == "WARN"
    remedies = {finding.what: finding.remedy for finding in findings}
    assert "cooling" in remedies["temperature"]
    assert "supply" in remedies["throttling"]
    assert any("nvpmodel 2" in finding.found for finding in findings)


def test_a_source_that_does_not_answer_is_a_warning_with_its_remedy(machine, tmp_path):
    host = machine({"sys/bus/i2c/devices/1-0040/name": "ina3221"})
    (tmp_path / "sys/bus/i2c/devices/1-0040/hwmon/hwmon1").mkdir(parents=True)
    found = [finding for finding in state.look(host) if finding.what == "INA3221"]
    assert [finding.level for finding in found] == ["WARN"]
    assert "power by rail" in found[0].found


def test_without_ros_the_way_to_it_is_named(machine):
    why = ModuleNotFoundError("No module named 'rclpy'", name="rclpy")
    nowhere = ros.missing(machine(), why, "")
    assert nowhere.level == "WARN"
    assert "install ROS 2" in nowhere.remedy
    host = machine({"opt/ros/jazzy/setup.bash": ""})
    assert "source /opt/ros/jazzy/setup.bash" in ros.missing(host, why, "").remedy
    assert ros.missing(host, why, "/camera/image_raw").level == "ERROR"


def test_the_worst_counts():
    ok, warn, error = (Finding("x", level, "y") for level in ("OK", "WARN", "ERROR"))
    assert worst([]) == worst([ok]) == "OK"
    assert worst([error, warn, ok]) == "ERROR"
    assert worst([ok, warn]) == "WARN"
