"""Tables of `edge_compress telemetry`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from edge_compress.telemetry.levels import Level, Verdict

if TYPE_CHECKING:
    from rich.table import Table

    from edge_compress.telemetry.battery import Battery
    from edge_compress.telemetry.machine import Reading
    from edge_compress.telemetry.sources import Source

LEVEL_STYLES = {
    Level.OK: "green",
    Level.WARN: "yellow",
    Level.ERROR: "bold red",
    Level.STALE: "magenta",
}
_STATES = {"found": "green", "unreadable": "yellow", "absent": "dim"}


def reading_table(title: str, reading: Reading, verdicts: Sequence[Verdict]) -> Table:
    """Return one reading as a table; rows that this machine does not tell are left out."""
    table = _table(title)
    table.add_column("what", no_wrap=True)
    table.add_column("figure", overflow="fold")
    table.add_column("level", no_wrap=True)
    levels: dict[str, Level] = {verdict.name: verdict.level for verdict in verdicts}
    for what, figure in _rows(reading):
        level = levels.get(what)
        style = "" if level is None else LEVEL_STYLES[level]
        table.add_row(what, figure, "" if level is None else level.name, style=style)
    return table


def source_table(sources: Sequence[Source]) -> Table:
    """Return what can be read and what not, and why."""
    table = _table("sources")
    table.add_column("source", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("what is there, or why not", overflow="fold")
    for source in sorted(sources, key=lambda s: list(_STATES).index(s.state)):
        text = source.detail + (f"\n{source.remedy}" if source.remedy else "")
        table.add_row(source.name, source.state, text, style=_STATES[source.state])
    return table


def summary(sources: Sequence[Source]) -> Iterator[str]:
    """Yield a line on what was found, one on each source that is silent, and one on the others."""
    found = [source.name for source in sources if source.state == "found"]
    yield f"found: {', '.join(found) or 'nothing but CPU load and memory'}"
    for source in sources:
        if source.state == "unreadable":
            remedy = f"; {source.remedy}" if source.remedy else ""
            yield f"not readable: {source.name} ({source.tells}): {source.detail}{remedy}"
    absent = [source.name for source in sources if source.state == "absent"]
    if absent:
        yield f"not on this machine: {', '.join(absent)} (why: --sources)"


def _rows(reading: Reading) -> Iterator[tuple[str, str]]:
    minutes, seconds = divmod(round(reading.seconds), 60)
    yield "time", f"{minutes}:{seconds:02d}"
    if reading.power_mode:
        yield "power mode", reading.power_mode
    if reading.power_w is not None:
        yield "power", f"{reading.power_w:.2f} W ({' + '.join(reading.power_of)})"
    else:
        yield "power", "cannot be read here (why: --sources)"
    for rail, watts in reading.rails_w.items():
        yield f"  {rail}", f"{watts:.2f} W"
    if reading.energy_j is not None and reading.wh_per_hour is not None:
        yield "energy", f"{reading.energy_j:.1f} J, {reading.wh_per_hour:.2f} Wh per hour"
    if reading.celsius:
        hottest = max(reading.celsius.values())
        yield "temperature", f"{hottest:.1f} °C at most"
    for zone, degrees in reading.celsius.items():
        yield f"  {zone}", f"{degrees:.1f} °C"
    if reading.throttling is not None:
        yield "throttling", ", ".join(reading.throttling.active) or "none"
        for cause, events in reading.throttling.events.items():
            if events:
                yield f"  {cause}", f"{events} times"
    for gpu, percent in reading.gpu_percent.items():
        yield f"load of {gpu}", f"{percent:.0f} %"
    if reading.cpu_percent is not None:
        yield "load of all cores", f"{reading.cpu_percent:.0f} %"
    if reading.memory is not None:
        used, total = (size / 1e9 for size in (reading.memory.used, reading.memory.total))
        yield "memory", f"{used:.2f} of {total:.2f} GB"
    yield from _process_rows(reading)
    for battery in reading.batteries:
        yield battery.name, _battery(battery)


def _process_rows(reading: Reading) -> Iterator[tuple[str, str]]:
    if reading.process is None:
        return
    cpu, size = reading.process.cpu_percent, reading.process.memory_bytes
    figures = [] if cpu is None else [f"{cpu:.0f} % of a core"]
    figures += [] if size is None else [f"{size / 1e6:.0f} MB"]
    yield "process", ", ".join(figures) or "gone"


def _battery(battery: Battery) -> str:
    figures = [] if battery.percent is None else [f"{battery.percent:.0f} %"]
    figures += [] if battery.status is None else [battery.status.lower()]
    figures += [] if battery.watts is None else [f"{battery.watts:.1f} W"]
    figures += [] if battery.hours_left is None else [f"{battery.hours_left:.1f} h left"]
    return ", ".join(figures) or "tells nothing"


def _table(title: str) -> Table:
    from rich import box
    from rich.table import Table

    return Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
