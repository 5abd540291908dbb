"""What can be read and what not, and why."""

from __future__ import annotations

import pytest
from boards import (
    AGX_ORIN,
    AGX_THOR,
    BOARDS,
    INTEL_LAPTOP,
    RASPBERRY_PI_5,
    XAVIER_NX,
    hwmon,
    lay,
)

from edge_compress.telemetry.sources import survey

ALWAYS = {"cooling devices", "thermal zones", "power mode"}


def sources(root):
    return {source.name: source for source in survey(root)}


def found(root):
    return {source.name for source in survey(root) if source.state == "found"}


@pytest.mark.parametrize(
    ("board", "expected"),
    [
        ("agx orin", {"INA3221", "soctherm_oc", "GPU load"} | ALWAYS),
        ("orin nx", {"INA3221", "soctherm_oc", "GPU load"} | ALWAYS),
        ("orin nano", {"INA3221", "soctherm_oc", "GPU load"} | ALWAYS),
        ("xavier nx", {"INA3221 (iio)", "GPU load", "thermal zones", "power mode"}),
        (
            "agx thor",
            {"INA3221", "INA238", "soctherm_oc", "thermal zones", "power mode"},
        ),
        ("raspberry pi 5", {"Raspberry Pi firmware"} | ALWAYS),
        ("intel laptop", {"RAPL", "thermal_throttle", "batteries"} | ALWAYS),
    ],
)
def test_what_a_board_has(tmp_path, board, expected):
    assert found(lay(tmp_path, BOARDS[board])) == expected


def test_what_was_found_is_named(tmp_path):
    there = sources(lay(tmp_path, AGX_ORIN))
    assert there["INA3221"].detail == "VDD_GPU_SOC, VDD_CPU_CV, VIN_SYS_5V0, VDDQ_VDD2_1V8AO"
    assert there["power mode"].detail == "nvpmodel 0 (MAXN), schedutil"
    assert there["RAPL"].state == "absent"
    assert there["RAPL"].remedy == ""


def test_a_domain_in_name_only_is_not_found(tmp_path):
    domains = "package-0, package-0/core, package-0/uncore, package-0/dram"
    assert sources(lay(tmp_path, INTEL_LAPTOP))["RAPL"].detail == domains  # no psys


def test_rapl_that_is_for_root_only_comes_with_its_remedy(tmp_path, forbid):
    lay(tmp_path, INTEL_LAPTOP)
    for counter in (tmp_path / "sys/class/powercap").glob("*/energy_uj"):
        forbid(counter)
    rapl = sources(tmp_path)["RAPL"]
    assert rapl.state == "unreadable"
    assert rapl.detail == "sys/class/powercap/intel-rapl:0/energy_uj: permission denied"
    assert "only root" in rapl.remedy
    assert "chmod" in rapl.remedy


def test_rapl_that_fails_otherwise_says_how(tmp_path):
    lay(tmp_path, INTEL_LAPTOP)
    lay(tmp_path, {f: None for f in INTEL_LAPTOP if f.endswith("energy_uj")})
    rapl = sources(tmp_path)["RAPL"]
    assert rapl.state == "unreadable"
    assert "directory" in rapl.detail
    assert rapl.remedy == ""


def test_chips_that_give_nothing_are_told_from_those_that_are_not_there(tmp_path):
    lay(tmp_path, AGX_ORIN)
    lay(tmp_path, {file: None for file in AGX_ORIN if "/curr" in file})
    there = sources(tmp_path)
    assert there["INA3221"].state == "unreadable"
    assert "1-0040, 1-0041" in there["INA3221"].detail
    assert there["INA238"].state == "absent"


def test_a_pi_says_that_its_power_is_not_to_be_had(tmp_path):
    pi = sources(lay(tmp_path, RASPBERRY_PI_5))["Raspberry Pi firmware"]
    assert pi.state == "found"
    assert "vcgencmd pmic_read_adc" in pi.detail


def test_a_pi_under_another_kernel_is_known_as_one(tmp_path):
    lay(tmp_path, {"proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0"})
    assert sources(tmp_path)["Raspberry Pi firmware"].state == "unreadable"


def test_counters_of_over_current_that_fail(tmp_path):
    lay(tmp_path, hwmon(2, "soctherm_oc", {"oc1_event_cnt": None}))
    assert sources(tmp_path)["soctherm_oc"].state == "unreadable"


@pytest.mark.parametrize("tree", [{}, XAVIER_NX, AGX_THOR])
def test_each_source_is_told_of_once_and_with_a_reason(tmp_path, tree):
    names = [source.name for source in survey(lay(tmp_path, tree))]
    assert len(names) == len(set(names)) == 13
    assert all(source.detail for source in survey(tmp_path))


def test_this_machine_can_be_asked():
    assert len(survey()) == 13
