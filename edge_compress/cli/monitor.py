"""`edge_compress monitor`: how all nodes on the network are doing, like `top`."""

from __future__ import annotations

import argparse
import json
import os
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, cast

from edge_compress.cli.arguments import SubParsers, seconds
from edge_compress.errors import EdgeCompressError

if TYPE_CHECKING:
    from rich.console import Console

    from edge_compress.nodes.listener import Listener
    from edge_compress.operators.fleet import Fleet, Picture, SortKey

_SORT_KEYS = ("name", "level", "rate", "latency", "drops", "power", "temperature")

_EPILOG = """\
Needs nothing but /diagnostics; what a node does not tell is shown as -, never as 0.
While it runs: q ends it, s sorts by the next of the keys.

With --once the exit code is 0 when all is well or only WARN, 1 when a node says ERROR, is STALE
or has fallen silent, and 2 when no node of edge_compress speaks at all.
With --json, one object for each picture, one a line; what is not known is left out.

examples:
  edge_compress monitor
  edge_compress monitor robot1 robot2/front --sort level
  edge_compress monitor --once
  edge_compress monitor --once --json | jq '.nodes[] | select(.level != "OK") | .name'
  edge_compress monitor --json --period 5 > flight.jsonl
"""


class MonitorError(EdgeCompressError):
    """There is nothing to be shown, or no way to hear it."""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "monitor",
        help="show all detectors, cameras, evaluators and compressors on the network, live",
        description="Show how all nodes of edge_compress on the network are doing.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "namespaces",
        nargs="*",
        metavar="NAMESPACE",
        help="show only nodes in these namespaces, or of these names (default: all)",
    )
    parser.add_argument(
        "--period",
        type=seconds(0.1, 3600),
        default=1.0,
        metavar="S",
        help="seconds between two pictures (default: %(default)g)",
    )
    parser.add_argument(
        "--stale",
        type=seconds(0.5, 86400),
        default=5.0,
        metavar="S",
        help="seconds without a report after which a node is silent (default: %(default)g)",
    )
    parser.add_argument(
        "--sort",
        choices=_SORT_KEYS,
        default="name",
        help="the worst first: slowest, hottest, most drops (default: %(default)s)",
    )
    parser.add_argument("--once", action="store_true", help="listen, show one picture, and end")
    parser.add_argument(
        "--seconds",
        type=seconds(0.5, 3600),
        default=5.0,
        metavar="S",
        help="how long --once listens (default: %(default)g)",
    )
    parser.add_argument("--all", action="store_true", help="show nodes of other packages, too")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Show one picture, or one after the other until Ctrl-C.

    Returns:
        With --once, 1 when a node is not well; else 0.

    Raises:
        MonitorError: ROS 2 cannot be imported, or with --once nobody speaks.
    """
    try:
        from edge_compress.nodes.listener import listening
    except ImportError as error:
        raise MonitorError(
            f"it listens by ROS 2, which cannot be imported ({error}): run "
            "`source /opt/ros/DISTRO/setup.bash` first; `edge_compress doctor` says more"
        ) from error
    from edge_compress.operators.fleet import Fleet

    fleet = Fleet(args.stale, args.namespaces)
    with listening(
        "edge_compress_monitor", lambda statuses: fleet.hear(statuses, time.monotonic())
    ) as listener:
        watch = _Watch(args, fleet, listener)
        if args.once:
            return watch.once()
        with suppress(KeyboardInterrupt):  # the usual way to end it
            watch.live()
    return 0


class _Watch:
    """Listens, and shows the pictures."""

    def __init__(self, args: argparse.Namespace, fleet: Fleet, listener: Listener) -> None:
        self._args = args
        self._fleet = fleet
        self._listener = listener
        self._sort = cast("SortKey", args.sort)

    def once(self) -> int:
        """Show one picture, and return whether a node is not well."""
        from edge_compress.telemetry.levels import Level

        self._listener.listen_for(self._args.seconds)
        now = self._now()
        if not now.views:
            where = " in " + ", ".join(self._args.namespaces) if self._args.namespaces else ""
            also = f" ({now.others} nodes of other packages do)" if now.others else ""
            also += f"; {', '.join(now.unheard)} could, but was not heard" if now.unheard else ""
            raise MonitorError(
                f"no node of edge_compress{where} spoke on /diagnostics within "
                f"{self._args.seconds:g} s{also}: start one; if it runs, compare ROS_DOMAIN_ID "
                f"(here {_domain()}) and see: edge_compress doctor"
            )
        if self._args.json:
            self._print_json(now)
        else:
            from rich.console import Console

            self._print(Console(), now)
        return int(any(view.level in (Level.ERROR, Level.STALE) for view in now.views))

    def live(self) -> None:
        """Show pictures until the user ends it."""
        if self._args.json:
            while True:
                self._listener.listen_for(self._args.period)
                self._print_json(self._now())
        from rich.console import Console

        console = Console()
        if not console.is_terminal:
            while True:
                self._listener.listen_for(self._args.period)
                self._print(console, self._now())
        self._on_screen(console)

    def _on_screen(self, console: Console) -> None:
        from rich.live import Live

        from edge_compress.cli.monitor_keys import Keys
        from edge_compress.cli.monitor_view import picture

        with ExitStack() as stack:
            keys = stack.enter_context(Keys())
            live = stack.enter_context(Live(console=console, screen=True, auto_refresh=False))
            while True:
                live.update(picture(self._now(), self._heading(), console.size), refresh=True)
                end = time.monotonic() + self._args.period
                pressed = ""
                while not pressed and (left := end - time.monotonic()) > 0:
                    self._listener.listen(min(left, 0.1))
                    pressed = keys.pressed()
                if pressed == "q":
                    return
                if pressed == "s":
                    step = _SORT_KEYS.index(self._sort) + 1
                    self._sort = cast("SortKey", _SORT_KEYS[step % len(_SORT_KEYS)])

    def _now(self) -> Picture:
        return self._fleet.picture(
            time.monotonic(), self._sort, self._listener.reporters(), all_kinds=self._args.all
        )

    def _heading(self) -> str:
        order = "" if self._sort == "name" else f"  sorted by {self._sort}"
        return f"{time.strftime('%H:%M:%S')}  domain {_domain()}{order}"

    def _print(self, console: Console, now: Picture) -> None:
        from edge_compress.cli.monitor_view import picture

        console.print(picture(now, self._heading(), console.size, whole=True))

    def _print_json(self, now: Picture) -> None:
        told = {"time": time.time(), "domain": _domain(), "nodes": _known(now.views)}
        print(
            json.dumps({**told, "others": now.others, "unheard": now.unheard}),
            flush=True,
        )


def _domain() -> str:
    return os.environ.get("ROS_DOMAIN_ID") or "0"


def _known(value: object) -> object:
    """Return what is known, ready for JSON."""
    from edge_compress.telemetry.levels import Level

    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Level):
        return value.name
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if item not in (None, "")}
    if isinstance(value, (list, tuple)):
        return [_known(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value
