"""`edge_compress doctor`: what is wrong with this machine, its ROS and a camera's topic."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from edge_compress.cli.arguments import SubParsers, add_root, check_root, seconds

if TYPE_CHECKING:
    from edge_compress.doctor.finding import Finding
    from edge_compress.doctor.host import Host

_EPILOG = """\
Run it where and how the detector runs: same machine or container, same user, same environment.
The exit code is 1 where something cannot work (ERROR), else 0. Nothing is changed.

examples:
  edge_compress doctor
  edge_compress doctor /camera/image_raw
  edge_compress doctor /camera/image_raw/compressed --seconds 30 --json
"""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "doctor",
        help="say what is wrong with this machine, its ROS and a camera's topic, and what helps",
        description="Look at what loses frames, slows inference or hides figures.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "topic", nargs="?", default="", metavar="TOPIC", help="of images; looked at while it runs"
    )
    parser.add_argument(
        "--seconds",
        type=seconds(0.5, 3600),
        default=5.0,
        metavar="S",
        help="how long to listen to the topic (default: %(default)g)",
    )
    parser.add_argument(
        "--input-qos",
        choices=("sensor_data", "reliable"),
        default="sensor_data",
        help="the detector's parameter of that name (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_root(parser)


def run(args: argparse.Namespace) -> int:
    """Look, and show what was found.

    Returns:
        1 when something cannot work, else 0.

    Raises:
        ArgumentError: the root is not there.
    """
    check_root(args.root)
    from edge_compress.doctor.examine import examine
    from edge_compress.doctor.finding import worst
    from edge_compress.doctor.host import Host

    host = Host(args.root)
    findings = [*examine(host), *_look_at_ros(host, args)]
    level = worst(findings)
    if args.json:
        print(json.dumps({"level": level, "findings": [asdict(f) for f in findings]}, indent=2))
    else:
        _show(findings)
    return int(level == "ERROR")


def _look_at_ros(host: Host, args: argparse.Namespace) -> list[Finding]:
    from edge_compress.doctor import kernel, ros

    try:
        from edge_compress.nodes.topic_doctor import look
    except ImportError as error:
        return [ros.missing(host, error, args.topic)]
    before = kernel.udp_counters(host)
    findings = look(args.topic, args.seconds, args.input_qos)
    if args.topic:
        findings += kernel.look_at_losses(before, kernel.udp_counters(host))
    return findings


def _show(findings: list[Finding]) -> None:
    from rich.console import Console

    from edge_compress.cli.doctor_view import finding_table, summary

    console = Console()
    console.print(finding_table(findings))
    console.print(summary(findings), highlight=False, markup=False)
