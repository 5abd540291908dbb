"""`edge_compress fly`: a bundle in a simulated flight, scored."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge_compress.cli.arguments import SubParsers, natural, seconds
from edge_compress.cli.judging import add_judging, judging
from edge_compress.cli.no_ros import NoRosError

_EPILOG = """\
Detector, evaluator and simulated camera run as processes over DDS, in a ROS domain of their own
(ROS_DOMAIN_ID where it is set). Needs ROS 2 and: pip install 'edge_compress[simulation]'

exit code: 0 when all was met that was asked, 1 when a threshold failed, 2 when nothing could be
judged: a bundle that is refused, a world that is not there.

examples:
  edge_compress fly small.bundle -o report --min-recall 0.9 --min-precision 0.9
  edge_compress fly small.bundle -o report --seed 3 --world my_world.sdf --vehicle robot
"""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "fly",
        help="fly a bundle in simulation, and score what it sees",
        description="Fly a bundle through a simulated world, and score what it sees there.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of the bundle")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="for evaluation.json, evaluation.html and the nodes' logs",
    )
    parser.add_argument(
        "--world", type=Path, metavar="SDF", help="(default: the inspection.sdf that comes along)"
    )
    parser.add_argument(
        "--vehicle",
        default="drone",
        metavar="MODEL",
        help="that carries the camera (default: %(default)s)",
    )
    parser.add_argument(
        "--seconds",
        type=seconds(0.1, 86400),
        metavar="S",
        help="of sim time (default: once around the panels, 32)",
    )
    parser.add_argument(
        "--seed",
        type=natural,
        default=0,
        metavar="N",
        help="of the noise, and of where on its way it begins (default: %(default)s)",
    )
    add_judging(parser)


def run(args: argparse.Namespace) -> int:
    """Fly, and say how it went.

    Returns:
        0 when all was met that was asked, 1 when a threshold failed.

    Raises:
        ArgumentError: the parameter file cannot be read.
        NoRosError: there is no ROS 2 here.
        NodeError: a node cannot do its work.
        ScoringError: the report cannot be written.
    """
    try:
        from edge_compress.testing.flight import ROUND_S, fly
    except ImportError as error:
        raise NoRosError("flies", error) from error
    from rich.console import Console
    from rich.progress import Progress

    duration_s = args.seconds or ROUND_S
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("flying", total=duration_s)
        flight = fly(
            args.bundle,
            args.output,
            world=args.world,
            vehicle=args.vehicle,
            duration_s=duration_s,
            seed=args.seed,
            evaluator=judging(args),
            on_progress=lambda passed_s: progress.update(bar, completed=passed_s),
        )
    print(flight.verdict, file=sys.stdout if flight.passed else sys.stderr)
    return 0 if flight.passed else 1
