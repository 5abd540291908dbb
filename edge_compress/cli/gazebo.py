"""`edge_compress gazebo`: is all there that Gazebo needs for a world."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge_compress.cli.arguments import SubParsers

_EPILOG = """\
The launch file simulation.launch.xml calls it. It fetches and prepares the photos of
worlds/inspection.sdf at its first call, which takes about a minute.

examples:
  edge_compress gazebo worlds/inspection.sdf
  GZ_SIM_RESOURCE_PATH=$(edge_compress gazebo world.sdf) gz sim -r -s world.sdf
"""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "gazebo",
        help="check what Gazebo needs for a world, and print its GZ_SIM_RESOURCE_PATH",
        description="Check that Gazebo and ros_gz are installed, that the world is there, and "
        "prepare its photos. Prints the value for GZ_SIM_RESOURCE_PATH, and nothing else.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("world", type=Path, metavar="WORLD", help="SDF file")


def run(args: argparse.Namespace) -> int:
    """Check, and print the path.

    Raises:
        WorldError: there is no such world.
        GazeboError: Gazebo or ros_gz is not installed.
        AssetError: the photos cannot be had.
    """
    from edge_compress.simulation.gazebo import check_gazebo, resource_path

    # The world first: a wrong path is mended sooner than a missing simulator.
    path = resource_path(args.world)
    check_gazebo()
    print(path, end="")
    return 0
