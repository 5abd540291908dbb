"""What boards have under /sys, /proc, /etc and /var, in the layout of their kernels.

Each tree is a dict from path to text. None stands for a file that is there and cannot be read: an
I2C chip that is asleep, or a thermal zone of a part that is switched off, answer so.

Sources: device trees and drivers of the Linux kernel and of Jetson Linux 32, 35 and 36, and dumps
in the issues of alumet (#212) and jetson_stats (#344, #360, #900).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Tree: TypeAlias = dict[str, object]


def lay(root: Path, tree: Mapping[str, object]) -> Path:
    """Write a tree under a folder; an earlier file is replaced."""
    for name, value in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if value is None:
            if path.is_file():
                path.unlink()
            path.mkdir(exist_ok=True)  # reading it fails, as a sensor that answers EAGAIN does
        else:
            path.write_text(f"{value}\n")
    return root


def zones(celsius: Mapping[str, float | None]) -> Tree:
    """Thermal zones in the order of their numbers."""
    tree: Tree = {}
    for number, (kind, degrees) in enumerate(celsius.items()):
        folder = f"sys/devices/virtual/thermal/thermal_zone{number}"
        tree[f"{folder}/type"] = kind
        tree[f"{folder}/temp"] = None if degrees is None else round(degrees * 1000)
    return tree


def coolers(states: Mapping[str, int]) -> Tree:
    tree: Tree = {}
    for number, (kind, state) in enumerate(states.items()):
        folder = f"sys/devices/virtual/thermal/cooling_device{number}"
        tree |= {f"{folder}/type": kind, f"{folder}/max_state": 10, f"{folder}/cur_state": state}
    return tree


def hwmon(number: int, name: str, files: Mapping[str, object]) -> Tree:
    folder = f"sys/class/hwmon/hwmon{number}"
    return {f"{folder}/name": name} | {f"{folder}/{file}": text for file, text in files.items()}


def ina3221(place: str, number: int, rails: list[tuple[str, int | None, int | None]]) -> Tree:
    """A chip as hwmon shows it: label, mV and mA by channel, and its sum of shunt voltages."""
    device = f"sys/bus/i2c/devices/{place}"
    folder = f"{device}/hwmon/hwmon{number}"
    tree: Tree = {
        f"{device}/name": "ina3221",
        f"{folder}/name": "ina3221",
        f"{folder}/in7_label": "sum of shunt voltages",
        f"{folder}/in7_input": 12,
    }
    for channel, (label, millivolts, milliamperes) in enumerate(rails, start=1):
        tree |= {
            f"{folder}/in{channel}_label": label,
            f"{folder}/in{channel}_input": millivolts,
            f"{folder}/curr{channel}_input": milliamperes,
            f"{folder}/curr{channel}_crit": 32760,
        }
    return tree


def soctherm_oc(number: int, events: tuple[int, int, int]) -> Tree:
    files: dict[str, object] = {}
    for channel, count in enumerate(events, start=1):
        files |= {f"oc{channel}_event_cnt": count, f"oc{channel}_throt_en": 1}
    return hwmon(number, "soctherm_oc", files)


def nvpmodel(mode: str, names: list[str]) -> Tree:
    models = [f"< POWER_MODEL ID={i} NAME={name} >" for i, name in enumerate(names)]
    conf = ["# < POWER_MODEL ID=0 NAME=COMMENT >", "< PARAM TYPE=FILE NAME=CPU_ONLINE >", *models]
    return {"var/lib/nvpmodel/status": f"pmode:{mode}", "etc/nvpmodel.conf": "\n".join(conf)}


def governor(name: str) -> Tree:
    return {"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": name}


# A USB-C port of a Jetson: what it negotiated, not what flows.
UCSI: Tree = {
    "sys/class/power_supply/ucsi-source-psy-1-00081/type": "USB",
    "sys/class/power_supply/ucsi-source-psy-1-00081/voltage_now": 5000000,
    "sys/class/power_supply/ucsi-source-psy-1-00081/current_now": 3000000,
}

# JetPack 5: no VDD_IN; zones of the CV cluster fail while it sleeps.
AGX_ORIN: Tree = {
    "proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0",
    **ina3221(
        "1-0040",
        3,
        [("VDD_GPU_SOC", 20000, 200), ("VDD_CPU_CV", 20000, 100), ("VIN_SYS_5V0", 4968, 800)],
    ),
    **ina3221(
        "1-0041", 4, [("NC", None, None), ("VDDQ_VDD2_1V8AO", 4968, 100), ("NC", None, None)]
    ),
    **soctherm_oc(5, (0, 4, 1)),
    **zones({"CPU-therm": 51.2, "GPU-therm": 48.5, "CV0-therm": None, "tj-therm": 52.0}),
    **coolers({"pwm-fan": 2, "thermal-cpufreq-0": 0, "thermal-devfreq-0": 0}),
    **nvpmodel("0000", ["MAXN", "MODE_15W", "MODE_30W", "MODE_50W"]),
    **governor("schedutil"),
    **UCSI,
    "sys/devices/platform/gpu.0/load": 347,
}

# JetPack 6: zones have new names, and the GPU's folder moved.
ORIN_NX: Tree = {
    "proc/device-tree/model": "NVIDIA Jetson Orin NX Engineering Reference Developer Kit\0",
    **ina3221(
        "1-0040",
        1,
        [("VDD_IN", 5056, 1200), ("VDD_CPU_GPU_CV", 5048, 400), ("VDD_SOC", 5048, 300)],
    ),
    **soctherm_oc(2, (0, 0, 37)),
    **zones({"cpu-thermal": 60.5, "gpu-thermal": 58.0, "cv0-thermal": None, "tj-thermal": 60.5}),
    **coolers({"pwm-fan": 1, "cpufreq-cpu0": 0, "devfreq-17000000.gpu": 0}),
    **nvpmodel("0003", ["MAXN", "10W", "15W", "25W"]),
    **governor("schedutil"),
    "sys/devices/platform/bus@0/17000000.gpu/load": 990,
}

ORIN_NANO: Tree = {
    "proc/device-tree/model": "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0",
    **ina3221(
        "1-0040",
        0,
        [("VDD_IN", 4904, 1416), ("VDD_CPU_GPU_CV", 4896, 504), ("VDD_SOC", 4896, 320)],
    ),
    **soctherm_oc(3, (0, 15, 37)),
    **zones({"cpu-thermal": 47.1, "gpu-thermal": 47.9, "tj-thermal": 48.2}),
    **coolers({"pwm-fan": 1, "cpufreq-cpu0": 0}),
    **nvpmodel("0002", ["15W", "25W", "MAXN_SUPER", "7W"]),
    **governor("schedutil"),
    "sys/devices/platform/bus@0/17000000.gpu/load": 0,
}

# JetPack 4: its kernel has the meters as iio devices, and no counters of over-current.
XAVIER_NX: Tree = {
    "proc/device-tree/model": "NVIDIA Jetson Xavier NX Developer Kit\0",
    "sys/bus/i2c/devices/7-0040/name": "ina3221x",
    **{
        f"sys/bus/i2c/devices/7-0040/iio:device0/{file}": value
        for file, value in {
            "name": "ina3221x",
            "rail_name_0": "VDD_IN",
            "in_voltage0_input": 4960,
            "in_current0_input": 800,
            "in_power0_input": 3968,
            "rail_name_1": "VDD_CPU_GPU_CV",
            "in_power1_input": 980,
            "rail_name_2": "VDD_SOC",
            "in_power2_input": 1190,
        }.items()
    },
    **zones({"AO-therm": 35.5, "CPU-therm": 38.0, "GPU-therm": 36.5, "PMIC-Die": 100.0}),
    **coolers({"pwm-fan": 0}),
    **nvpmodel("0002", ["MODE_15W_2CORE", "MODE_15W_4CORE", "MODE_15W_6CORE"]),
    **governor("schedutil"),
    "sys/devices/gpu.0/load": 125,
}

# JetPack 7: the carrier board's input is measured, too.
AGX_THOR: Tree = {
    "proc/device-tree/model": "NVIDIA Jetson AGX Thor Developer Kit\0",
    "sys/bus/i2c/devices/2-0044/name": "ina238",
    "sys/bus/i2c/devices/2-0044/hwmon/hwmon1/name": "ina238",
    "sys/bus/i2c/devices/2-0044/hwmon/hwmon1/in0_input": 5,
    "sys/bus/i2c/devices/2-0044/hwmon/hwmon1/in1_input": 20000,
    "sys/bus/i2c/devices/2-0044/hwmon/hwmon1/curr1_input": 1500,
    "sys/bus/i2c/devices/2-0044/hwmon/hwmon1/power1_input": 30100000,
    **ina3221(
        "2-0040",
        2,
        [("VDD_GPU", 20000, 300), ("VDD_CPU_SOC_MSS", 20000, 400), ("VIN_SYS_5V0", 5000, 700)],
    ),
    **soctherm_oc(5, (0, 0, 0)),
    **zones({"cpu-thermal": 45.0, "gpu-thermal": 44.0}),
    **nvpmodel("0001", ["MAXN", "120W"]),
    **governor("schedutil"),
}

# Raspberry Pi OS, kernel 6.6: no power anywhere.
RASPBERRY_PI_5: Tree = {
    "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
    "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled": "0",
    **hwmon(0, "cpu_thermal", {"temp1_input": 58200}),
    **hwmon(1, "rp1_adc", {"in1_input": 1200}),
    **hwmon(2, "rpi_volt", {"in0_lcrit_alarm": 0}),
    **zones({"cpu-thermal": 58.2}),
    **coolers({"pwm-fan": 1, "cpufreq-cpu0": 0}),
    **governor("ondemand"),
}


def rapl(name: str, domain: str, microjoules: int | None) -> Tree:
    folder = f"sys/class/powercap/{name}"
    return {
        f"{folder}/name": domain,
        f"{folder}/energy_uj": microjoules,
        f"{folder}/max_energy_range_uj": 262_143_328_850,
    }


def intel_cpu(number: int, core: int, hot: int, package_hot: int) -> Tree:
    folder = f"sys/devices/system/cpu/cpu{number}"
    return {
        f"{folder}/topology/physical_package_id": 0,
        f"{folder}/topology/core_id": core,
        f"{folder}/thermal_throttle/core_throttle_count": hot,
        f"{folder}/thermal_throttle/package_throttle_count": package_hot,
    }


def supply(name: str, **files: object) -> Tree:
    return {f"sys/class/power_supply/{name}/{file}": text for file, text in files.items()}


# Two cores with two threads each. psys is there, but this firmware does not count in it.
INTEL_LAPTOP: Tree = {
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz",
    **rapl("intel-rapl:0", "package-0", 1_000_000),
    **rapl("intel-rapl:0:0", "core", 500_000),
    **rapl("intel-rapl:0:1", "uncore", 100_000),
    **rapl("intel-rapl:0:2", "dram", 200_000),
    **rapl("intel-rapl:1", "psys", 0),
    **intel_cpu(0, 0, 3, 7),
    **intel_cpu(1, 1, 2, 7),
    **intel_cpu(2, 0, 3, 7),
    **intel_cpu(3, 1, 2, 7),
    **zones({"acpitz": 45.0, "x86_pkg_temp": 61.0}),
    **coolers({"Processor": 0, "intel_powerclamp": -1, "Fan": 1}),
    **governor("powersave"),
    **supply("AC", type="Mains", online=0),
    **supply(
        "BAT0",
        type="Battery",
        present=1,
        status="Discharging",
        capacity=63,
        voltage_now=11_400_000,
        power_now=9_120_000,
        energy_now=27_360_000,
    ),
    **supply("hidpp_battery_0", type="Battery", scope="Device", status="Discharging", capacity=50),
    **supply("ucsi-source-psy-USBC000:001", type="USB_PD", online=0, voltage_now=20_000_000),
}

BOARDS = {
    "agx orin": AGX_ORIN,
    "orin nx": ORIN_NX,
    "orin nano": ORIN_NANO,
    "xavier nx": XAVIER_NX,
    "agx thor": AGX_THOR,
    "raspberry pi 5": RASPBERRY_PI_5,
    "intel laptop": INTEL_LAPTOP,
}
