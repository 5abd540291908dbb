"""Counters that run since boot, and states that hold now, as events."""

from __future__ import annotations

import pytest
from boards import coolers, hwmon, intel_cpu, lay, soctherm_oc

from edge_compress.telemetry import cpu_heat
from edge_compress.telemetry.throttling import ThrottleWatch


def test_a_counter_is_told_from_where_the_watch_began(tmp_path):
    watch = ThrottleWatch(lay(tmp_path, soctherm_oc(4, (7, 0, 100))))
    assert watch.read().active == ()
    lay(tmp_path, soctherm_oc(4, (8, 0, 105)))
    first = watch.read()
    assert first.active == ("under-voltage", "instantaneous over-current")
    assert first.events["instantaneous over-current"] == 5
    second = watch.read()
    assert second.active == ()
    assert second.events["instantaneous over-current"] == 5


def test_a_counter_that_went_back_is_taken_up_where_it_is(tmp_path):
    watch = ThrottleWatch(lay(tmp_path, soctherm_oc(4, (9, 0, 0))))
    lay(tmp_path, soctherm_oc(4, (2, 0, 0)))
    assert watch.read().events["under-voltage"] == 0
    lay(tmp_path, soctherm_oc(4, (3, 0, 0)))
    assert watch.read().events["under-voltage"] == 1


def test_a_counter_that_comes_late_brings_nothing_of_before(tmp_path):
    watch = ThrottleWatch(tmp_path)
    assert watch.read() is None
    lay(tmp_path, soctherm_oc(4, (50, 0, 0)))
    assert watch.read().events["under-voltage"] == 0


def test_the_hwmon_of_another_driver_is_not_asked(tmp_path):
    lay(tmp_path, hwmon(4, "pwmfan", {"oc1_event_cnt": 5}))
    assert ThrottleWatch(tmp_path).read() is None


def test_threads_of_one_core_are_counted_once(tmp_path):
    for number, core in enumerate((0, 1, 0, 1)):
        lay(tmp_path, intel_cpu(number, core, hot=10 + core, package_hot=40))
    assert cpu_heat.counters(tmp_path) == {"core too hot": 21, "package too hot": 40}


def test_a_fan_that_turns_is_no_throttling(tmp_path):
    watch = ThrottleWatch(lay(tmp_path, coolers({"pwm-fan": 3, "cpufreq-cpu0": 0})))
    throttling = watch.read()
    assert throttling.active == ()
    assert throttling.events == {"CPU slowed by heat": 0}


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("cpufreq-cpu4", "CPU slowed by heat"),
        ("thermal-cpufreq-0", "CPU slowed by heat"),
        ("Processor", "CPU slowed by heat"),
        ("devfreq-17000000.gpu", "GPU or memory slowed by heat"),
        ("thermal-devfreq-0", "GPU or memory slowed by heat"),
    ],
)
def test_a_part_that_is_slowed_down_by_the_kernel(tmp_path, kind, cause):
    watch = ThrottleWatch(lay(tmp_path, coolers({kind: 0})))
    lay(tmp_path, coolers({kind: 2}))
    assert watch.read().active == (cause,)
    assert watch.read().events[cause] == 1  # still the same one
    lay(tmp_path, coolers({kind: 0}))
    assert watch.read().active == ()
    lay(tmp_path, coolers({kind: 1}))
    assert watch.read().events[cause] == 2


def test_a_state_from_before_is_active_but_no_event(tmp_path):
    watch = ThrottleWatch(lay(tmp_path, coolers({"cpufreq-cpu0": 4})))
    throttling = watch.read()
    assert throttling.active == ("CPU slowed by heat",)
    assert throttling.events == {"CPU slowed by heat": 0}


OLD_PI = "sys/devices/platform/soc/soc:firmware/get_throttled"
PI_5 = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled"


@pytest.mark.parametrize("path", [OLD_PI, PI_5])
@pytest.mark.parametrize(
    ("flags", "active"),
    [
        ("0", ()),
        ("50000", ()),  # it was so since boot, and is not now
        ("1", ("under-voltage",)),
        ("50005", ("under-voltage", "throttled")),
        ("0xa", ("frequency capped", "soft temperature limit")),
    ],
)
def test_the_flags_of_a_raspberry_pi(tmp_path, path, flags, active):
    assert ThrottleWatch(lay(tmp_path, {path: flags})).read().active == active


def test_a_pi_with_the_kernel_of_a_distribution_tells_under_voltage_only(tmp_path):
    watch = ThrottleWatch(lay(tmp_path, hwmon(1, "rpi_volt", {"in0_lcrit_alarm": 0})))
    assert watch.read().events == {"under-voltage": 0}
    lay(tmp_path, hwmon(1, "rpi_volt", {"in0_lcrit_alarm": 1}))
    assert watch.read().active == ("under-voltage",)
