"""Power readers on trees such as real boards have under /sys."""

from __future__ import annotations

import pytest
from boards import AGX_THOR, lay

from edge_compress.telemetry.energy import EnergyMeter
from edge_compress.telemetry.power import counted, probe, read_rails, total_watts


def put(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{value}\n")


def ina3221(root, address, rails, hwmon="hwmon4"):
    """A chip with rails (label, mV, mA) on its channels; None where a file is not there."""
    device = root / "sys/bus/i2c/devices" / address
    put(device / "name", "ina3221")
    folder = device / "hwmon" / hwmon
    for channel, (label, millivolts, milliamperes) in enumerate(rails, start=1):
        put(folder / f"in{channel}_label", label)
        if millivolts is not None:
            put(folder / f"in{channel}_input", millivolts)
        if milliamperes is not None:
            put(folder / f"curr{channel}_input", milliamperes)
    # The chip's sum of shunt voltages: no rail.
    put(folder / "in7_label", "sum of shunt voltages")
    put(folder / "in7_input", 12)
    return folder


def orin_nx(root):
    return ina3221(
        root,
        "1-0040",
        [("VDD_IN", 5056, 1200), ("VDD_CPU_GPU_CV", 5048, 400), ("VDD_SOC", 5048, 300)],
    )


def rapl(root, name, domain, microjoules, largest=262_143_328_850):
    folder = root / "sys/class/powercap" / name
    put(folder / "name", domain)
    put(folder / "energy_uj", microjoules)
    put(folder / "max_energy_range_uj", largest)
    return folder


def test_a_machine_without_sensors_has_no_sources(tmp_path):
    assert probe(tmp_path) == []
    assert total_watts(read_rails([])) is None


def test_the_rails_of_an_orin_nx(tmp_path):
    orin_nx(tmp_path)
    (chip,) = probe(tmp_path)
    assert chip.name == "1-0040"
    rails = chip.read()
    assert rails == pytest.approx({"VDD_IN": 6.0672, "VDD_CPU_GPU_CV": 2.0192, "VDD_SOC": 1.5144})
    assert total_watts(rails) == pytest.approx(6.0672)


def test_a_channel_that_is_not_connected_is_skipped(tmp_path):
    ina3221(tmp_path, "1-0040", [("VDD_IN", 5000, 1000), ("NC", 5000, 7), ("NC", 0, 0)])
    assert probe(tmp_path)[0].read() == {"VDD_IN": 5.0}


def test_the_number_of_the_hwmon_does_not_matter(tmp_path):
    ina3221(tmp_path, "1-0040", [("VDD_IN", 5000, 1000)], hwmon="hwmon17")
    assert probe(tmp_path)[0].read() == {"VDD_IN": 5.0}


def test_the_two_chips_of_an_agx_orin_are_added_up_without_memory_that_the_5_v_rail_feeds(tmp_path):
    ina3221(
        tmp_path,
        "1-0040",
        [("VDD_GPU_SOC", 20000, 200), ("VDD_CPU_CV", 20000, 100), ("VIN_SYS_5V0", 5000, 800)],
    )
    ina3221(tmp_path, "1-0041", [("NC", 0, 0), ("VDDQ_VDD2_1V8AO", 5000, 100), ("NC", 0, 0)])
    rails = read_rails(probe(tmp_path))
    assert set(rails) == {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0", "VDDQ_VDD2_1V8AO"}
    assert counted(rails) == ("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0")
    assert total_watts(rails) == pytest.approx(4 + 2 + 4)
    del rails["VIN_SYS_5V0"]
    assert total_watts(rails) == pytest.approx(4 + 2 + 0.5)


@pytest.mark.parametrize("broken", ["in2_input", "curr2_input", "in2_label"])
def test_a_rail_that_cannot_be_read_is_absent_not_zero(tmp_path, broken):
    folder = orin_nx(tmp_path)
    (chip,) = probe(tmp_path)
    (folder / broken).unlink()
    (folder / broken).mkdir()  # reading it fails, as a sensor that answers EIO does
    assert set(chip.read()) == {"VDD_IN", "VDD_SOC"}


def test_nonsense_from_a_sensor_is_absent(tmp_path):
    put(orin_nx(tmp_path) / "curr1_input", "n/a")
    assert "VDD_IN" not in probe(tmp_path)[0].read()


def test_a_chip_without_one_reading_is_no_source(tmp_path):
    ina3221(tmp_path, "1-0040", [("VDD_IN", None, None)])
    assert probe(tmp_path) == []


def test_other_chips_on_the_bus_are_not_asked(tmp_path):
    put(tmp_path / "sys/bus/i2c/devices/1-0050/name", "24c02")
    assert probe(tmp_path) == []


def test_rapl_gives_the_mean_since_the_last_read(tmp_path, clock):
    folder = rapl(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    (package,) = probe(tmp_path, clock)
    clock.now += 2.0
    put(folder / "energy_uj", 31_000_000)
    assert package.read() == {"package-0": 15.0}
    clock.now += 1.0
    put(folder / "energy_uj", 36_000_000)
    assert package.read() == {"package-0": 5.0}


def test_rapl_counters_wrap(tmp_path, clock):
    folder = rapl(tmp_path, "intel-rapl:0", "package-0", 99_000_000, largest=100_000_000)
    (package,) = probe(tmp_path, clock)
    clock.now += 1.0
    put(folder / "energy_uj", 4_000_000)
    assert package.read() == {"package-0": pytest.approx(5.0)}


def test_rapl_without_time_in_between_says_nothing(tmp_path, clock):
    rapl(tmp_path, "intel-rapl:0", "package-0", 1)
    (package,) = probe(tmp_path, clock)
    assert package.read() == {}


def test_rapl_that_only_root_may_read_is_no_source(tmp_path):
    folder = rapl(tmp_path, "intel-rapl:0", "package-0", 1)
    (folder / "energy_uj").unlink()
    (folder / "energy_uj").mkdir()
    assert probe(tmp_path) == []


def test_rapl_that_becomes_unreadable_is_absent_and_comes_back(tmp_path, clock):
    folder = rapl(tmp_path, "intel-rapl:0", "package-0", 0)
    (package,) = probe(tmp_path, clock)
    (folder / "energy_uj").unlink()
    clock.now += 1
    assert package.read() == {}
    put(folder / "energy_uj", 5_000_000)
    clock.now += 1
    assert package.read() == {}  # nothing to compare with yet
    put(folder / "energy_uj", 7_000_000)
    clock.now += 1
    assert package.read() == {"package-0": 2.0}


def test_the_total_counts_no_part_of_a_package_twice(tmp_path, clock):
    for name, domain in [
        ("intel-rapl:0", "package-0"),
        ("intel-rapl:0:0", "core"),
        ("intel-rapl:0:1", "dram"),
        ("intel-rapl:1", "package-1"),
    ]:
        rapl(tmp_path, name, domain, 0)
    sources = probe(tmp_path, clock)
    clock.now += 1
    for folder in (tmp_path / "sys/class/powercap").iterdir():
        put(folder / "energy_uj", 1_000_000)
    rails = read_rails(sources)
    assert set(rails) == {"package-0", "package-0/core", "package-0/dram", "package-1"}
    assert total_watts(rails) == pytest.approx(3.0)
    assert total_watts(rails | {"psys": 9.0}) == 9.0


def test_this_machine_can_be_probed():
    for source in probe():
        assert all(watts >= 0 for watts in source.read().values())


def test_energy_is_integrated_by_the_trapezoidal_rule():
    meter = EnergyMeter()
    for now, watts in [(0, 10.0), (2, 20.0), (3, 20.0)]:
        meter.add(now, watts)
    assert meter.joules == pytest.approx(2 * 15 + 20)


def test_a_gap_in_the_readings_adds_no_energy():
    meter = EnergyMeter()
    for now, watts in [(0, 10.0), (1, None), (2, 10.0), (3, 10.0)]:
        meter.add(now, watts)
    assert meter.joules == pytest.approx(10)


def test_a_clock_that_jumps_back_adds_no_energy():
    meter = EnergyMeter()
    for now, watts in [(10, 10.0), (5, 10.0), (6, 10.0)]:
        meter.add(now, watts)
    assert meter.joules == pytest.approx(10)


def test_energy_per_inference_and_per_hour():
    meter = EnergyMeter()
    assert meter.mj_per_inference is None
    assert meter.wh_per_hour is None
    for now, watts, inferences in [(0, 10.0, 5), (1, 10.0, 25), (2, 14.0, 45)]:
        meter.add(now, watts, inferences)
    assert meter.inferences == 40
    assert meter.mj_per_inference == pytest.approx(22_000 / 40)
    assert meter.wh_per_hour == pytest.approx(11.0)


def test_inferences_while_the_sensor_was_silent_do_not_make_the_others_cheap():
    meter = EnergyMeter()
    for now, watts, inferences in [(0, 10.0, 0), (1, 10.0, 10), (2, None, 20), (3, None, 500)]:
        meter.add(now, watts, inferences)
    for now, watts, inferences in [(4, 10.0, 990), (5, 10.0, 1000)]:
        meter.add(now, watts, inferences)
    assert meter.inferences == 20
    assert meter.seconds == 2.0
    assert meter.mj_per_inference == pytest.approx(1000.0)


def test_inferences_that_are_counted_anew_are_left_out():
    meter = EnergyMeter()
    for now, inferences in enumerate([100, 110, 0, 10]):
        meter.add(float(now), 10.0, inferences)
    assert meter.inferences == 20


def test_a_rapl_domain_that_never_counted_is_absent(tmp_path, clock):
    rapl(tmp_path, "intel-rapl:1", "psys", 0)
    folder = rapl(tmp_path, "intel-rapl:0", "package-0", 0)
    sources = probe(tmp_path, clock)
    clock.now += 1
    put(folder / "energy_uj", 8_000_000)
    rails = read_rails(sources)
    assert rails == {"package-0": 8.0}
    assert total_watts(rails) == 8.0


def test_ina238_power_is_taken_from_the_chip_or_worked_out(tmp_path):
    lay(tmp_path, AGX_THOR)
    folder = tmp_path / "sys/bus/i2c/devices/2-0044/hwmon/hwmon1"
    thor = probe(tmp_path)
    assert read_rails(thor)["VIN"] == 30.1
    (folder / "power1_input").unlink()
    assert read_rails(thor)["VIN"] == 30.0
    (folder / "curr1_input").unlink()
    rails = read_rails(thor)
    assert "VIN" not in rails
    # Then its rails are all there is to add up.
    assert counted(rails) == ("VDD_GPU", "VDD_CPU_SOC_MSS", "VIN_SYS_5V0")


def test_several_ina238_are_told_apart(tmp_path):
    for place, microwatts in (("1-0040", 5_000_000), ("1-0041", 7_000_000)):
        device = tmp_path / "sys/bus/i2c/devices" / place
        put(device / "name", "ina238")
        put(device / "hwmon/hwmon2/power1_input", microwatts)
    rails = read_rails(probe(tmp_path))
    assert rails == {"VIN 1-0040": 5.0, "VIN 1-0041": 7.0}
    assert total_watts(rails) == 12.0
    put(tmp_path / "sys/bus/i2c/devices/1-0040/hwmon/hwmon2/label", "motors")
    assert set(read_rails(probe(tmp_path))) == {"motors", "VIN 1-0041"}


def test_the_input_of_a_jetson_nano_holds_its_parts(tmp_path):
    device = tmp_path / "sys/bus/i2c/devices/6-0040/iio:device0"
    for channel, (rail, milliwatts) in enumerate(
        [("POM_5V_IN", 2875), ("POM_5V_GPU", 40), ("POM_5V_CPU", 800)]
    ):
        put(device / f"rail_name_{channel}", rail)
        put(device / f"in_power{channel}_input", milliwatts)
    rails = read_rails(probe(tmp_path))
    assert set(rails) == {"POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"}
    assert counted(rails) == ("POM_5V_IN",)
    assert total_watts(rails) == 2.875
