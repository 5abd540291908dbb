"""What this machine can tell of itself, and where it cannot, why and what helps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge_compress.telemetry import (
    battery,
    cooling,
    cpu_heat,
    gpu_load,
    ina238,
    ina3221,
    ina3221_iio,
    nvml,
    power_mode,
    rapl,
    raspberry_pi,
    soctherm,
    thermal,
)
from edge_compress.telemetry.power import PowerSource
from edge_compress.telemetry.sysfs import fault, hwmons

# absent: this machine has no such thing. unreadable: it has, and does not tell it to us.
State = Literal["found", "unreadable", "absent"]

_RAPL_REMEDY = (
    "since Linux 5.10 only root may read it, or whoever root lets: "
    f"sudo chmod a+r /{rapl.POWERCAP}/intel-rapl:*/energy_uj (until the next boot; a udev rule "
    "keeps it)"
)


@dataclass(frozen=True)
class Source:
    """One kind of source.

    Attributes:
        name: of the source.
        tells: what it would tell.
        state: whether it does.
        detail: what was found, or why not.
        remedy: what to do about it; empty when there is nothing.
    """

    name: str
    tells: str
    state: State
    detail: str
    remedy: str = ""


def survey(root: Path = Path("/")) -> list[Source]:
    """Look for each source that is known.

    Args:
        root: where ``/sys``, ``/proc``, ``/etc`` and ``/var`` are looked for. NVML knows only this
            machine, and is asked only when it is ``/``.
    """
    gpus, why = nvml.find() if root == Path("/") else ([], "asked only about this machine itself")
    return [
        *_chips(root),
        _rapl(root),
        _nvml(gpus, why),
        _raspberry_pi(root),
        _told("batteries", "charge", [b.name for b in battery.read(root)], "no battery"),
        _told("thermal zones", "temperatures", list(thermal.read(root)), _no_zones(root)),
        _soctherm(root),
        _told("thermal_throttle", "CPU throttling", list(cpu_heat.counters(root)), "Intel only"),
        _told("cooling devices", "throttling by heat", list(cooling.states(root)), "none"),
        _told("GPU load", "GPU load", list(gpu_load.read(root, gpus)), "no GPU that tells it"),
        _told(
            "power mode",
            "nvpmodel, cpufreq governor",
            [mode] if (mode := power_mode.read(root)) else [],
            "no cpufreq: in a virtual machine or container, the host's governor counts",
        ),
    ]


def _told(name: str, tells: str, found: list[str], absent: str) -> Source:
    if found:
        return Source(name, tells, "found", ", ".join(found))
    return Source(name, tells, "absent", absent)


def _chips(root: Path) -> Iterator[Source]:
    """The meters of a board's rails."""
    chips: dict[str, Sequence[PowerSource]] = {
        "INA3221": ina3221.find(root),
        "INA3221 (iio)": ina3221_iio.find(root),
        "INA238": ina238.find(root),
    }
    for name, there in chips.items():
        rails = [rail for chip in there for rail in chip.read()]
        if rails:
            yield Source(name, "power by rail", "found", ", ".join(rails))
        elif there:
            places = ", ".join(chip.name for chip in there)
            yield Source(name, "power by rail", "unreadable", f"no channel of {places} gives one")
        else:
            yield Source(name, "power by rail", "absent", "no such chip on the I2C buses")


def _rapl(root: Path) -> Source:
    name, tells = "RAPL", "power of CPU packages"
    domains = [domain.name for domain in rapl.find(root) if domain.counting]
    if domains:
        return Source(name, tells, "found", ", ".join(domains))
    counters = sorted((root / rapl.POWERCAP).glob("intel-rapl:*/energy_uj"))
    if not counters:
        return Source(name, tells, "absent", f"nothing under /{rapl.POWERCAP}")
    why = fault(counters[0]) or "it does not count"
    remedy = _RAPL_REMEDY if "permi" in why else ""
    return Source(name, tells, "unreadable", f"{counters[0].relative_to(root)}: {why}", remedy)


def _nvml(gpus: list[nvml.NvmlGpu], why: str) -> Source:
    name, tells = "NVML", "power, load and heat of NVIDIA GPUs"
    if gpus:
        return Source(name, tells, "found", ", ".join(f"{g.name} {g.model}" for g in gpus))
    remedy = "pip install nvidia-ml-py, if there is an NVIDIA GPU" if "installed" in why else ""
    return Source(name, tells, "absent", why, remedy)


def _raspberry_pi(root: Path) -> Source:
    name, tells = "Raspberry Pi firmware", "under-voltage and throttling"
    found = list(raspberry_pi.states(root))
    if not raspberry_pi.is_one(root) and not found:
        return Source(name, tells, "absent", "not a Raspberry Pi")
    # Said where someone looks for watts in vain.
    power = "its power is not in sysfs; `vcgencmd pmic_read_adc` tells the rails of a Pi 5"
    if found:
        return Source(name, tells, "found", f"{', '.join(found)}; {power}")
    return Source(name, tells, "unreadable", f"neither get_throttled nor rpi_volt; {power}")


def _soctherm(root: Path) -> Source:
    name, tells = soctherm.DRIVER, "throttling by the supply"
    found = list(soctherm.counters(root))
    if found:
        return Source(name, tells, "found", ", ".join(found))
    if list(hwmons(root, soctherm.DRIVER)):
        return Source(name, tells, "unreadable", "its counters give no number")
    return Source(name, tells, "absent", "Jetson Orin only")


def _no_zones(root: Path) -> str:
    if (root / "sys/devices/virtual/thermal").is_dir():
        return "the kernel has no zone that answers"
    return "the kernel shows none: a virtual machine or container"
