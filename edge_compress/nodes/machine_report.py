"""What the detector says of its machine on /diagnostics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from diagnostic_msgs.msg import DiagnosticStatus

from edge_compress.nodes.diagnostics import OK, WARN, Values, judged
from edge_compress.nodes.machine_vitals import MachineVitals
from edge_compress.telemetry.battery import Battery
from edge_compress.telemetry.levels import Verdict
from edge_compress.telemetry.machine import Reading

_MB = 1e6


def machine_statuses(machine: MachineVitals) -> Iterator[DiagnosticStatus]:
    """Build ``load`` and ``heat``, and ``battery`` where there is one.

    What the machine does not tell is left out, never shown as 0.
    """
    reading = machine.reading
    verdicts = machine.verdicts()
    if reading is None:
        yield _status("load", "no reading yet", {}, machine, verdicts)
        yield _status("heat", "no reading yet", {}, machine, verdicts)
        return
    values = _load(reading, machine.inference_cpu_percent)
    yield _status("load", _power(reading), values, machine, ())
    yield _status("heat", _warmest(reading), _heat(reading), machine, verdicts)
    if reading.batteries:
        message = ", ".join(map(_charge, reading.batteries))
        yield _status("battery", message, _charges(reading.batteries), machine, ())


def _status(
    task: str, message: str, values: Values, machine: MachineVitals, verdicts: Sequence[Verdict]
) -> DiagnosticStatus:
    if machine.problem:
        return judged(
            task, WARN, f"the machine cannot be read: {machine.problem}", values, verdicts
        )
    return judged(task, OK, message, values, verdicts)


def _load(reading: Reading, inference_cpu_percent: float | None) -> Values:
    process, memory = reading.process, reading.memory
    return {
        # Of one core: 200 is two cores busy. The machine's is of all cores together.
        "cpu_percent": process.cpu_percent if process is not None else None,
        "cpu_inference_thread_percent": inference_cpu_percent,
        "cpu_machine_percent": reading.cpu_percent,
        "memory_mb": _megabytes(process.memory_bytes if process is not None else None),
        "memory_machine_mb": _megabytes(memory.used if memory is not None else None),
        "memory_machine_total_mb": _megabytes(memory.total if memory is not None else None),
        **{f"{_key(gpu)}_percent": percent for gpu, percent in reading.gpu_percent.items()},
        "power_total_w": reading.power_w,
        **{f"power_{_key(rail)}_w": watts for rail, watts in reading.rails_w.items()},
        "energy_total_j": reading.energy_j,
        "energy_per_hour_wh": reading.wh_per_hour,
        "energy_per_inference_mj": reading.energy_per_inference_mj,
    }


def _power(reading: Reading) -> str:
    if reading.power_w is None:
        return "CPU and memory; power cannot be read here (why: edge_compress telemetry --sources)"
    return f"{reading.power_w:.1f} W ({' + '.join(reading.power_of)})"


def _heat(reading: Reading) -> Values:
    throttling = reading.throttling
    events = {} if throttling is None else throttling.events
    return {
        "temperature_max_c": max(reading.celsius.values(), default=None),
        **{f"temperature_{_key(zone)}_c": degrees for zone, degrees in reading.celsius.items()},
        "throttled": None if throttling is None else int(bool(throttling.active)),
        **{f"throttle_events_{_key(cause)}": count for cause, count in events.items()},
        "power_mode": reading.power_mode,
    }


def _warmest(reading: Reading) -> str:
    if not reading.celsius:
        return "this machine tells no temperature"
    zone, degrees = max(reading.celsius.items(), key=lambda item: item[1])
    return f"{degrees:.1f} °C in {zone}"


def _charges(batteries: Sequence[Battery]) -> Values:
    values: dict[str, float | str | None] = {}
    for battery in batteries:
        name = _key(battery.name)
        values |= {
            f"{name}_status": battery.status,
            f"{name}_percent": battery.percent,
            f"{name}_voltage_v": battery.volts,
            f"{name}_power_w": battery.watts,
            f"{name}_left_h": battery.hours_left,
        }
    return values


def _charge(battery: Battery) -> str:
    told = [] if battery.percent is None else [f"{battery.percent:.0f} %"]
    told += [] if battery.status is None else [battery.status.lower()]
    told += [] if battery.hours_left is None else [f"{battery.hours_left:.1f} h left"]
    return f"{battery.name} {', '.join(told) or 'tells nothing'}"


def _megabytes(size: int | None) -> float | None:
    return None if size is None else size / _MB


def _key(name: str) -> str:
    # Tools that plot take a slash for a path, and stumble over spaces.
    return re.sub(r"\W+", "_", name.lower()).strip("_")
