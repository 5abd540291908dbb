"""What this machine tells of its power and heat, and whether it is held back now."""

from __future__ import annotations

import time
from collections.abc import Iterator

from edge_compress.doctor.finding import Finding, Level
from edge_compress.doctor.host import Host
from edge_compress.telemetry.levels import Figures, Judge
from edge_compress.telemetry.levels import Level as Verdicts
from edge_compress.telemetry.machine import Machine, Reading
from edge_compress.telemetry.sources import survey

# Counters tell what came in between two readings.
_BETWEEN_S = 0.5
_COOL = "better cooling, a lower power mode (nvpmodel), or a smaller model"
_FEED = "check the supply: its cable, its current, the battery"


def look(host: Host) -> list[Finding]:
    """Look at the sources, then at what they say."""
    return [*_sources(host), *_now(host)]


def _sources(host: Host) -> Iterator[Finding]:
    sources = survey(host.root)
    found = [source.name for source in sources if source.state == "found"]
    yield Finding("telemetry", "OK", ", ".join(found) or "CPU load and memory only")
    for source in sources:
        if source.state == "unreadable":
            text = f"{source.tells} cannot be read: {source.detail}"
            yield Finding(source.name, "WARN", text, source.remedy)


def _now(host: Host) -> Iterator[Finding]:
    machine, judge = Machine(host.root), Judge()
    machine.read()
    time.sleep(_BETWEEN_S)
    reading = machine.read()
    throttled = None if reading.throttling is None else reading.throttling.active
    figures = Figures(celsius=reading.celsius, throttled=throttled)
    for verdict in judge.judge(reading.seconds, figures):
        level: Level = "OK" if verdict.level is Verdicts.OK else "WARN"
        if verdict.level is Verdicts.ERROR:
            level = "ERROR"
        supply = "voltage" in verdict.message or "current" in verdict.message
        remedy = "" if level == "OK" else _FEED if supply else _COOL
        yield Finding(verdict.name, level, verdict.message, remedy)
    yield _power(reading)


def _power(reading: Reading) -> Finding:
    watts = "power cannot be read" if reading.power_w is None else f"{reading.power_w:.1f} W"
    mode = reading.power_mode or "power mode unknown"
    what, found = "power", f"{watts}, {mode}"
    # With cpufreq's own driver this governor holds the lowest frequency, whatever there is to do.
    if mode.endswith("powersave"):
        remedy = "if inference is slow: sudo cpupower frequency-set -g performance (or schedutil)"
        return Finding(what, "OK", found, remedy)
    return Finding(what, "OK", found)
