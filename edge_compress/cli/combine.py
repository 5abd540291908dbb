"""`edge_compress combine`: several bundles in one, to step down from one model to the next."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge_compress.cli.arguments import SubParsers

_EPILOG = """\
Name the bundles from the most accurate to the fastest. They must agree in task, labels and head;
their inputs may differ in size. The first is what runs; with `step_down` the detector node takes
the next where the machine is too slow for it. Nothing is trained or run here.

examples:
  edge_compress combine large.bundle small.bundle -o both.bundle
"""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "combine",
        help="put bundles of one task into one, so that a robot can step down under load",
        description="Put the models of several bundles into one bundle.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundles", type=Path, nargs="+", metavar="BUNDLE")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.bundle")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a bundle that is there already"
    )


def run(args: argparse.Namespace) -> int:
    """Verify the bundles, write the new one, and say what is in it.

    Raises:
        BundleError: a bundle does not verify, they do not fit together, or the new one cannot be
            written.
    """
    from edge_compress.bundle.combine import combine
    from edge_compress.bundle.reader import Bundle

    opened = [Bundle.open(path) for path in args.bundles]
    path = combine(opened, args.output, overwrite=args.overwrite)
    for variant in Bundle.open(path).manifest.variants:
        print(f"rung {variant.rung}: {variant.file}, {variant.profile}, {variant.precision}")
    print(path)
    return 0
