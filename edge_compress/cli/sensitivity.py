"""`edge_compress sensitivity`: what pruning and quantizing each layer costs."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge_compress.cli.arguments import SubParsers, positive
from edge_compress.errors import EdgeCompressError

if TYPE_CHECKING:
    from edge_compress.compress.sensitivity.record import Treatment

_EPILOG = """\
The recipe's model is analysed as it is before any pass, on frames that a run would choose by,
never on held-out ones. Nothing of the recipe is carried out. An analysis that is interrupted goes
on after its last finished layer when the same command is given again.

exit codes:
  0  the page is written
  2  a mistake in the recipe, model, footage, patterns or output, said in one message
  130, 143  interrupted by Ctrl-C or SIGTERM

examples:
  edge_compress sensitivity recipe.yaml
  edge_compress sensitivity recipe.yaml -o layers.html --prune 0.5 --bits 4 --frames 8
  edge_compress sensitivity recipe.yaml --include 'backbone.*' --json
"""


class OutputError(EdgeCompressError):
    """The page cannot be written there."""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "sensitivity",
        help="see what pruning and quantizing each layer of a recipe's model costs",
        description="Prune and quantize each layer alone, and measure what that costs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recipe", type=Path, metavar="RECIPE", help="recipe, a YAML file")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="PAGE",
        help="page to write (default: the recipe's `name` with .sensitivity.html, in this folder)",
    )
    parser.add_argument(
        "--prune",
        type=_share,
        nargs="*",
        default=[0.3, 0.5, 0.7],
        metavar="SHARE",
        help="shares of each layer that are set to zero (default: 0.3 0.5 0.7)",
    )
    parser.add_argument(
        "--granularity",
        choices=("channels", "weights"),
        default="channels",
        help="what is set to zero, those of the least magnitude (default: %(default)s)",
    )
    parser.add_argument(
        "--bits",
        type=_bits,
        nargs="*",
        default=[8, 6, 4, 2],
        metavar="N",
        help="bits that each layer's weights are rounded to (default: 8 6 4 2)",
    )
    parser.add_argument(
        "--frames",
        type=positive,
        metavar="N",
        help="frames to measure on (default: 500 for a classifier, 16 for a detector)",
    )
    parser.add_argument(
        "--include", nargs="+", default=[], metavar="PATTERN", help="only these layers"
    )
    parser.add_argument(
        "--exclude", nargs="+", default=[], metavar="PATTERN", help="not these layers"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="forget what an interrupted analysis has found"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace PAGE if it exists")
    parser.add_argument(
        "--json", action="store_true", help="print the figures as JSON instead of a table"
    )


def run(args: argparse.Namespace) -> int:
    """Analyse, write the page, and print the table.

    Raises:
        EdgeCompressError: for a mistake that the user can mend.
    """
    try:
        return _analyse(args)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second one shows no trace
        print("interrupted; run the same command again to go on", file=sys.stderr)
        return 130


def _analyse(args: argparse.Namespace) -> int:
    from rich.console import Console

    from edge_compress.compress.disk import disk_errors_told
    from edge_compress.compress.recipe import load_recipe
    from edge_compress.compress.report.sensitivity_page import sensitivity_page
    from edge_compress.compress.report.sensitivity_table import sensitivity_table
    from edge_compress.compress.sensitivity.of_recipe import analyse_recipe
    from edge_compress.compress.sensitivity.unfinished import write_whole
    from edge_compress.compress.terminal import TerminalProgress

    treatments = _treatments(args)
    recipe = load_recipe(args.recipe)
    page: Path = args.output or Path(f"{recipe.name}.sensitivity.html")
    _check_output(page, overwrite=args.overwrite)
    unfinished = page.with_name(f"{page.name}.unfinished.json")
    if args.fresh:
        unfinished.unlink(missing_ok=True)
    with disk_errors_told(), TerminalProgress() as progress:
        found = analyse_recipe(
            recipe,
            treatments,
            frames=args.frames,
            include=args.include,
            exclude=args.exclude,
            unfinished=unfinished,
            progress=progress,
        )
        write_whole(page, sensitivity_page(found))
        unfinished.unlink(missing_ok=True)
    if args.json:
        print(found.model_dump_json(indent=2))
        return 0
    console = Console()
    console.print(sensitivity_table(found))
    console.print(f"page: {page}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _treatments(args: argparse.Namespace) -> list[Treatment]:
    from edge_compress.compress.sensitivity.record import Treatment

    found = [Treatment(kind=args.granularity, amount=share) for share in args.prune]
    found += [Treatment(kind="bits", amount=bits) for bits in args.bits]
    if not found:
        raise EdgeCompressError("`--prune` and `--bits` are both empty; there is nothing to do")
    return found


def _check_output(page: Path, *, overwrite: bool) -> None:
    """See before any long work that the page can be written."""
    if page.is_dir():
        raise OutputError(f"{page}: is a folder; give the name of a page, such as layers.html")
    if page.exists() and not overwrite:
        raise OutputError(f"{page}: exists already; choose another name or give --overwrite")
    if not page.absolute().parent.is_dir():
        raise OutputError(f"{page}: its folder does not exist; make it first")


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, got {text}")
    return value


def _bits(text: str) -> int:
    value = positive(text)
    if not 2 <= value <= 8:
        raise argparse.ArgumentTypeError(f"must be from 2 to 8, got {text}")
    return value
