"""`edge_compress telemetry`: power, heat and load of this machine, live and without ROS."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from edge_compress.cli.arguments import SubParsers, add_root, check_root, natural, positive, seconds
from edge_compress.errors import EdgeCompressError

if TYPE_CHECKING:
    from edge_compress.telemetry.levels import Verdict
    from edge_compress.telemetry.machine import Machine, Reading

_LEAST_PERIOD_S = 0.05  # meters give no new value more often

_EPILOG = """\
What this machine cannot tell is left out, never shown as 0; --sources says why.
With --json, one object a line; power in W, temperatures in °C.

examples:
  edge_compress telemetry
  edge_compress telemetry --sources
  edge_compress telemetry --pid $(pgrep -f lib/edge_compress/detector)
  edge_compress telemetry --json --period 0.5 --count 120 > flight.jsonl
"""


class TelemetryError(EdgeCompressError):
    """What was asked for is not there."""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "telemetry",
        help="show power, temperatures, throttling and load of this machine, live",
        description="Show what this machine tells of its power, heat, throttling and load.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--period",
        type=seconds(_LEAST_PERIOD_S, 86400),
        default=1.0,
        metavar="S",
        help="seconds between two readings (default: %(default)s)",
    )
    parser.add_argument(
        "--count",
        type=natural,
        default=0,
        metavar="N",
        help="readings before it ends; 0 goes on until Ctrl-C (default: %(default)s)",
    )
    parser.add_argument("--pid", type=positive, help="a process whose CPU and memory to show, too")
    parser.add_argument(
        "--sources",
        action="store_true",
        help="show what can be read and what not, and why, and end",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_root(parser)


def run(args: argparse.Namespace) -> int:
    """Show the sources, or readings until the last one or Ctrl-C.

    Raises:
        ArgumentError: the root is not there.
        TelemetryError: the process is not there.
    """
    check_root(args.root)
    if args.pid is not None and not (args.root / "proc" / str(args.pid)).is_dir():
        raise TelemetryError(f"--pid {args.pid}: there is no such process")
    if args.sources:
        return _show_sources(args.root, as_json=args.json)

    from edge_compress.telemetry.machine import Machine

    machine = Machine(args.root, pid=args.pid)
    readings = _readings(machine, args.period, args.count)
    try:
        if args.json:
            for reading, verdicts in readings:
                print(json.dumps(_plain(reading, verdicts)), flush=True)
        else:
            _show(readings, args.root)
    except KeyboardInterrupt:
        pass  # the usual way to end it
    return 0


def _readings(
    machine: Machine, period: float, count: int
) -> Iterator[tuple[Reading, list[Verdict]]]:
    from edge_compress.telemetry.levels import Figures, Judge

    judge = Judge()
    due = time.monotonic()
    made = 0
    while not count or made < count:
        # Counters tell the mean of a time, so that the first reading, too, comes after one.
        due = max(due + period, time.monotonic())
        time.sleep(due - time.monotonic() if due > time.monotonic() else 0)
        reading = machine.read()
        throttled = None if reading.throttling is None else reading.throttling.active
        figures = Figures(celsius=reading.celsius, throttled=throttled)
        yield reading, judge.judge(reading.seconds, figures)
        made += 1


def _plain(reading: Reading, verdicts: list[Verdict]) -> dict[str, object]:
    """Return what is known, ready for JSON."""
    values = {"time": time.time(), **asdict(reading)}
    values["levels"] = {v.name: {"level": v.level.name, "message": v.message} for v in verdicts}
    plain = _known(values)
    assert isinstance(plain, dict)
    return plain


def _known(value: object) -> object:
    if isinstance(value, dict):
        known = {key: _known(item) for key, item in value.items()}
        return {key: item for key, item in known.items() if item not in (None, {}, [])}
    if isinstance(value, (list, tuple)):
        return [_known(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value


def _show(readings: Iterator[tuple[Reading, list[Verdict]]], root: Path) -> None:
    from rich.console import Console
    from rich.live import Live

    from edge_compress.cli.telemetry_view import reading_table, summary
    from edge_compress.inference.device import device_name
    from edge_compress.telemetry.sources import survey

    console = Console(markup=False, emoji=False)  # a sensor's name may have brackets
    title = device_name(root)
    for line in summary(survey(root)):
        console.print(line, highlight=False)
    live = Live(console=console, auto_refresh=False) if console.is_terminal else None
    with live or nullcontext():
        for reading, verdicts in readings:
            table = reading_table(title, reading, verdicts)
            if live is None:
                console.print(table)
            else:
                live.update(table, refresh=True)


def _show_sources(root: Path, *, as_json: bool) -> int:
    from edge_compress.telemetry.sources import survey

    sources = survey(root)
    if as_json:
        print(json.dumps([asdict(source) for source in sources], indent=2))
        return 0
    from rich.console import Console

    from edge_compress.cli.telemetry_view import source_table

    Console(markup=False, emoji=False).print(source_table(sources))
    return 0
