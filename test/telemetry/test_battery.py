"""Batteries, whichever units their driver prefers."""

from __future__ import annotations

import pytest
from boards import lay, supply

from edge_compress.telemetry import battery


def only(tmp_path, **files):
    lay(tmp_path, supply("BAT1", type="Battery", **files))
    (one,) = battery.read(tmp_path)
    return one


def test_power_from_voltage_and_current(tmp_path):
    one = only(
        tmp_path,
        status="Discharging",
        voltage_now=12_000_000,
        current_now=-1_500_000,  # some drivers give what flows out a minus
        charge_now=3_000_000,
    )
    assert one.watts == pytest.approx(18.0)
    assert one.hours_left == pytest.approx(2.0)
    assert one.percent is None


def test_a_battery_that_is_charged_has_no_end(tmp_path):
    one = only(
        tmp_path, status="Charging", capacity=80, power_now=25_000_000, energy_now=40_000_000
    )
    assert one.watts == 25.0
    assert one.hours_left is None


def test_a_full_battery_gives_nothing_which_was_read(tmp_path):
    assert only(tmp_path, status="Full", capacity=100, power_now=0).watts == 0.0


def test_a_battery_that_feeds_a_machine_cannot_give_nothing(tmp_path):
    one = only(tmp_path, status="Discharging", power_now=0, energy_now=40_000_000)
    assert one.watts is None
    assert one.hours_left is None


def test_one_that_tells_nothing_is_there_all_the_same(tmp_path):
    assert only(tmp_path) == battery.Battery("BAT1", None, None, None, None, None)


@pytest.mark.parametrize(
    "files",
    [
        {"type": "Mains", "online": 1},
        {"type": "USB_PD", "voltage_now": 20_000_000, "current_now": 2_000_000},
        {"type": "Battery", "scope": "Device", "capacity": 50},
        {"type": "Battery", "present": 0, "capacity": 0},
    ],
)
def test_what_does_not_feed_the_machine_is_left_out(tmp_path, files):
    lay(tmp_path, supply("other", **files))
    assert battery.read(tmp_path) == ()
