"""NVML, by a stand-in that answers as its documentation says: no GPU is needed.

Its names are held against the real bindings where they are installed.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from edge_compress.telemetry import gpu_load, nvml
from edge_compress.telemetry.power import probe, read_rails, total_watts
from edge_compress.telemetry.throttling import ThrottleWatch


class NVMLError(Exception):
    pass


class FakeNvml:
    """`pynvml` with these GPUs; a figure that a GPU lacks is NotSupported."""

    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *gpus, driver=True):
        self.gpus = gpus
        self.driver = driver
        self.ready = False

    def nvmlInit(self):  # noqa: N802
        if not self.driver:
            raise NVMLError("NVML Shared Library Not Found")
        self.ready = True

    def nvmlDeviceGetCount(self):  # noqa: N802
        assert self.ready
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return index

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return self.gpus[handle]["name"]

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        return self._figure(handle, "milliwatts")

    def nvmlDeviceGetUtilizationRates(self, handle):  # noqa: N802
        return SimpleNamespace(gpu=self._figure(handle, "load"), memory=0)

    def nvmlDeviceGetTemperature(self, handle, sensor):  # noqa: N802
        assert sensor == self.NVML_TEMPERATURE_GPU
        return self._figure(handle, "celsius")

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle):  # noqa: N802
        return self._figure(handle, "reasons")

    def _figure(self, handle, name):
        if name not in self.gpus[handle]:
            raise NVMLError("Not Supported")
        return self.gpus[handle][name]


def rtx(**figures):
    known = {"name": "NVIDIA RTX", "milliwatts": 31250, "load": 40, "celsius": 55, "reasons": 0}
    return known | figures


def test_a_gpu_tells_power_load_and_heat():
    ((gpu,), why) = nvml.find(FakeNvml(rtx(name=b"NVIDIA RTX")))
    assert why == ""
    assert gpu.model == "NVIDIA RTX"
    assert gpu.read() == {"gpu0": 31.25}
    assert gpu.celsius() == 55.0
    assert gpu_load.read(gpus=[gpu]) == {"gpu0": 40.0}


def test_each_gpu_has_its_name(tmp_path):
    gpus, _ = nvml.find(FakeNvml(rtx(), rtx(milliwatts=10_000, load=0)))
    assert read_rails(probe(tmp_path, gpus=gpus)) == {"gpu0": 31.25, "gpu1": 10.0}
    assert total_watts(read_rails(gpus)) == 41.25
    assert gpu_load.read(tmp_path, gpus) == {"gpu0": 40.0, "gpu1": 0.0}


@pytest.mark.parametrize("figures", [{}, {"milliwatts": 0, "load": 0, "celsius": 0}])
def test_an_orin_answers_no_question_and_is_no_source(figures):
    gpus, why = nvml.find(FakeNvml({"name": "Orin (nvgpu)"} | figures))
    assert gpus == []
    assert why == "Orin (nvgpu) answers no question"


def test_a_figure_that_is_not_supported_is_absent(tmp_path):
    ((gpu,), _) = nvml.find(FakeNvml({"name": "GeForce", "celsius": 60}))
    assert gpu.read() == {}
    assert gpu.load_percent() is None
    assert gpu.states() == {}
    assert probe(tmp_path, gpus=[gpu]) == []


def test_without_the_driver_or_a_gpu_there_is_a_reason():
    assert nvml.find(FakeNvml(driver=False)) == ([], "NVML Shared Library Not Found")
    assert nvml.find(FakeNvml()) == ([], "the driver has no GPU")


def test_without_the_package_there_is_a_reason(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pynvml", None)
    assert nvml.find() == ([], "the Python package nvidia-ml-py is not installed")


def test_a_gpu_that_is_held_back_says_why(tmp_path):
    figures = rtx(reasons=0x1)  # idle, which is no throttling
    gpus, _ = nvml.find(FakeNvml(figures))
    watch = ThrottleWatch(tmp_path, gpus)
    assert watch.read().active == ()
    figures["reasons"] = 0x4 | 0x40
    throttling = watch.read()
    assert set(throttling.active) == {"GPU at its power limit", "GPU slowed by heat"}
    assert throttling.events["GPU slowed by heat"] == 1
    assert throttling.events["GPU slowed by its supply"] == 0


def test_the_rails_of_a_board_hold_its_gpu_already(tmp_path):
    from boards import AGX_THOR, lay

    gpus, _ = nvml.find(FakeNvml(rtx(name="NVIDIA Thor")))
    sources = probe(lay(tmp_path, AGX_THOR), gpus=gpus)
    assert "gpu0" not in read_rails(sources)
    assert gpu_load.read(tmp_path, gpus) == {"gpu0": 40.0}


def test_the_real_bindings_have_every_name_that_is_used():
    real = pytest.importorskip("pynvml")
    used = [name for name in vars(FakeNvml) if name.startswith(("nvml", "NVML"))]
    assert len(used) == 10
    assert [name for name in used if not hasattr(real, name)] == []
    assert issubclass(real.NVMLError, Exception)
    reasons = {
        "SwPowerCap": 0x04,
        "HwSlowdown": 0x08,
        "SwThermalSlowdown": 0x20,
        "HwThermalSlowdown": 0x40,
        "HwPowerBrakeSlowdown": 0x80,
    }
    for name, bit in reasons.items():
        assert getattr(real, f"nvmlClocksThrottleReason{name}") == bit
    assert real.NVML_TEMPERATURE_GPU == FakeNvml.NVML_TEMPERATURE_GPU
    # Without the driver it says so, and is taken for that.
    gpus, why = nvml.find(real)
    assert gpus or why
