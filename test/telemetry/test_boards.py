"""Each board's tree is read as its maker documents it, and nothing is made up."""

from __future__ import annotations

import pytest
from boards import (
    AGX_ORIN,
    AGX_THOR,
    BOARDS,
    INTEL_LAPTOP,
    ORIN_NANO,
    ORIN_NX,
    RASPBERRY_PI_5,
    XAVIER_NX,
    lay,
)

from edge_compress.telemetry.machine import Machine


def read(tmp_path, clock, tree, change=None):
    """One reading a second after the machine was found, with what changed in that second."""
    machine = Machine(lay(tmp_path, tree), clock)
    clock.now += 1.0
    lay(tmp_path, change or {})
    return machine.read()


def test_agx_orin(tmp_path, clock):
    reading = read(tmp_path, clock, AGX_ORIN, {"sys/class/hwmon/hwmon5/oc2_event_cnt": 6})
    assert reading.rails_w == pytest.approx(
        {
            "VDD_GPU_SOC": 4.0,
            "VDD_CPU_CV": 2.0,
            "VIN_SYS_5V0": 3.9744,
            "VDDQ_VDD2_1V8AO": 0.4968,
        }
    )
    assert reading.power_of == ("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0")
    assert reading.power_w == pytest.approx(9.9744)
    assert reading.celsius == {"CPU-therm": 51.2, "GPU-therm": 48.5, "tj-therm": 52.0}
    assert reading.throttling.active == ("average over-current",)
    assert reading.throttling.events["average over-current"] == 2
    assert reading.throttling.events["under-voltage"] == 0
    assert reading.gpu_percent == {"gpu": pytest.approx(34.7)}
    assert reading.power_mode == "nvpmodel 0 (MAXN), schedutil"
    assert reading.batteries == ()


def test_orin_nx(tmp_path, clock):
    reading = read(tmp_path, clock, ORIN_NX)
    assert set(reading.rails_w) == {"VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"}
    assert reading.power_of == ("VDD_IN",)
    assert reading.power_w == pytest.approx(6.0672)
    assert reading.celsius == {"cpu-thermal": 60.5, "gpu-thermal": 58.0, "tj-thermal": 60.5}
    assert reading.throttling.active == ()
    assert set(reading.throttling.events.values()) == {0}  # those before do not count
    assert reading.gpu_percent == {"gpu": pytest.approx(99.0)}
    assert reading.power_mode == "nvpmodel 3 (25W), schedutil"


def test_orin_nano(tmp_path, clock):
    reading = read(tmp_path, clock, ORIN_NANO)
    assert reading.power_w == pytest.approx(6.944064)
    assert reading.gpu_percent == {"gpu": 0.0}  # idle, which was read
    assert reading.power_mode == "nvpmodel 2 (MAXN_SUPER), schedutil"


def test_xavier_nx_under_jetpack_4(tmp_path, clock):
    reading = read(tmp_path, clock, XAVIER_NX)
    assert reading.rails_w == {"VDD_IN": 3.968, "VDD_CPU_GPU_CV": 0.98, "VDD_SOC": 1.19}
    assert reading.power_w == 3.968
    assert reading.celsius == {"AO-therm": 35.5, "CPU-therm": 38.0, "GPU-therm": 36.5}
    assert reading.throttling is None  # nothing there tells it
    assert reading.gpu_percent == {"gpu": 12.5}
    assert reading.power_mode == "nvpmodel 2 (MODE_15W_6CORE), schedutil"


def test_agx_thor_is_measured_at_its_input(tmp_path, clock):
    reading = read(tmp_path, clock, AGX_THOR)
    assert reading.rails_w["VIN"] == 30.1
    assert reading.rails_w["VDD_GPU"] == 6.0
    assert reading.power_of == ("VIN",)
    assert reading.power_w == 30.1
    assert reading.gpu_percent == {}  # NVML tells it there


def test_raspberry_pi_5_has_no_power_but_says_when_it_is_held_back(tmp_path, clock):
    flags = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled"
    reading = read(tmp_path, clock, RASPBERRY_PI_5, {flags: "50005"})
    assert reading.rails_w == {}
    assert reading.power_w is None
    assert reading.power_of == ()
    assert reading.energy_j is None
    assert reading.wh_per_hour is None
    assert reading.celsius == {"cpu-thermal": 58.2}
    assert set(reading.throttling.active) == {"under-voltage", "throttled"}
    assert reading.throttling.events["under-voltage"] == 1
    assert reading.power_mode == "ondemand"


def test_intel_laptop(tmp_path, clock):
    reading = read(
        tmp_path,
        clock,
        INTEL_LAPTOP,
        {
            "sys/class/powercap/intel-rapl:0/energy_uj": 13_000_000,
            "sys/class/powercap/intel-rapl:0:0/energy_uj": 8_500_000,
            "sys/class/powercap/intel-rapl:0:2/energy_uj": 1_700_000,
            "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": 8,
            "sys/devices/system/cpu/cpu2/thermal_throttle/core_throttle_count": 8,
        },
    )
    assert reading.rails_w == pytest.approx(
        {"package-0": 12.0, "package-0/core": 8.0, "package-0/uncore": 0.0, "package-0/dram": 1.5}
    )
    assert reading.power_of == ("package-0", "package-0/dram")
    assert reading.power_w == pytest.approx(13.5)
    assert reading.throttling.active == ("core too hot",)
    assert reading.throttling.events["core too hot"] == 5
    assert reading.throttling.events["package too hot"] == 0
    (battery,) = reading.batteries
    assert battery.name == "BAT0"
    assert (battery.percent, battery.status, battery.volts) == (63, "Discharging", 11.4)
    assert battery.watts == 9.12
    assert battery.hours_left == pytest.approx(3.0)
    assert reading.power_mode == "powersave"


@pytest.mark.parametrize("board", BOARDS)
def test_what_fails_to_be_read_is_absent_and_not_zero(tmp_path, clock, board):
    tree = BOARDS[board]
    machine = Machine(lay(tmp_path, tree), clock)
    clock.now += 1.0
    lay(tmp_path, dict.fromkeys(tree))
    reading = machine.read()
    assert reading.rails_w == {}
    assert reading.power_w is None
    assert reading.celsius == {}
    assert reading.gpu_percent == {}
    assert reading.throttling is None
    assert reading.batteries == ()
    assert reading.power_mode is None
    assert reading.cpu_percent is None
    assert reading.memory is None


def test_an_empty_machine_tells_nothing(tmp_path, clock):
    reading = read(tmp_path, clock, {})
    assert reading.power_w is None
    assert reading.throttling is None
    assert reading.process is None


def test_energy_is_that_since_the_first_reading(tmp_path, clock):
    machine = Machine(lay(tmp_path, ORIN_NX), clock)
    assert machine.read(inferences=30).energy_per_inference_mj is None
    clock.now += 10.0
    reading = machine.read(inferences=230)
    assert reading.energy_per_inference_mj == pytest.approx(60_672 / 200)
    assert reading.seconds == pytest.approx(10.0)
    assert reading.energy_j == pytest.approx(60.672)
    assert reading.wh_per_hour == pytest.approx(6.0672)


def test_this_machine_can_be_read():
    reading = Machine().read()
    assert all(watts > 0 for watts in reading.rails_w.values())
    assert reading.memory is None or 0 < reading.memory.used < reading.memory.total
