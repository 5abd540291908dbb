"""`edge_compress monitor`: how all nodes on the network are doing, like `top`."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress

from edge_compress.cli.arguments import SubParsers, seconds
from edge_compress.cli.no_ros import NoRosError
from edge_compress.operators.fleet import SORT_KEYS, Fleet

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
        choices=SORT_KEYS,
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
        NoRosError: ROS 2 cannot be imported.
        SilenceError: with --once, nobody speaks.
    """
    try:
        from edge_compress.nodes.listener import listening
    except ImportError as error:
        raise NoRosError("listens", error) from error
    from edge_compress.cli.monitor_watch import Watch

    fleet = Fleet(args.stale, args.namespaces)
    with listening(
        "edge_compress_monitor", lambda statuses: fleet.hear(statuses, time.monotonic())
    ) as listener:
        watch = Watch(args, fleet, listener)
        if args.once:
            return watch.once()
        with suppress(KeyboardInterrupt):  # the usual way to end it
            watch.live()
    return 0
