"""`edge_compress search`: recipes and architectures found automatically."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge_compress.cli.arguments import SubParsers, minutes, positive
from edge_compress.errors import EdgeCompressError

if TYPE_CHECKING:
    from edge_compress.compress.search.config import SearchConfig
    from edge_compress.compress.search.run import Found

_EPILOG = """\
CONFIG is a recipe in which any value of `model` and `passes` may be `{search: ...}`. Candidates are
trained shortly, to be ranked; the best are then trained in full and measured on held-out frames.
A search that is interrupted (Ctrl-C, a kill, a power cut) goes on where it was when the same
command is given again; with more --trials it goes on further.

OUTPUT's name with .search for .bundle is a folder with report.html, search.json, recipe.yaml (the
chosen recipe, for `edge_compress compress`), the study and every finalist's bundle.

exit codes:
  0  the bundle is written; a budget that nothing met is said as a WARN line
  2  a mistake in the search, model, data, storage or output, said in one message
  130, 143  interrupted by Ctrl-C or SIGTERM

examples:
  edge_compress search search.yaml -o small.bundle
  edge_compress search search.yaml --trials 200 --minutes 60
  edge_compress search search.yaml --storage postgresql://me:secret@host/studies
  edge_compress search --worker --storage postgresql://me:secret@host/studies   # on any host
"""


class ArgumentError(EdgeCompressError):
    """The arguments do not go together."""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "search",
        help="find the recipe or architecture that fits a device and a budget",
        description="Search a space of recipes, and write the bundle that fits best.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "config", type=Path, nargs="?", metavar="CONFIG", help="search, a YAML file"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUTPUT",
        help="bundle to write (default: the search's `name` with .bundle, in this folder)",
    )
    parser.add_argument(
        "--trials", type=positive, metavar="N", help="candidates to try, in place of the file's"
    )
    parser.add_argument(
        "--minutes", type=minutes, metavar="M", help="time to take, in place of the file's"
    )
    parser.add_argument(
        "--storage",
        metavar="PATH|URL",
        help="where the trials are kept: a journal file, or postgresql://USER:PASSWORD@HOST/NAME "
        "(default: a journal in the search's folder)",
    )
    parser.add_argument(
        "--worker",
        action="store_true",
        help="only help with the trials of a search that was begun elsewhere; needs --storage",
    )
    parser.add_argument("--fresh", action="store_true", help="forget an earlier search")
    parser.add_argument("--overwrite", action="store_true", help="replace OUTPUT if it exists")


def run(args: argparse.Namespace) -> int:
    """Search, and print the front and where everything is.

    Raises:
        EdgeCompressError: for a mistake that the user can mend.
    """
    try:
        return _join(args) if args.worker else _search(args)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second one shows no trace
        print("interrupted; run the same command again to go on", file=sys.stderr)
        return 130


def _search(args: argparse.Namespace) -> int:
    from edge_compress.compress.search.run import search
    from edge_compress.compress.terminal import TerminalProgress

    if args.config is None:
        raise ArgumentError("give CONFIG, a search file; only a `--worker` needs none")
    config = _config(args)
    with TerminalProgress() as progress:
        found = search(
            config,
            args.output or Path(f"{config.name}.bundle"),
            origin=args.config,
            storage=None if args.storage is None else _storage(args.storage),
            fresh=args.fresh,
            overwrite=args.overwrite,
            progress=progress,
        )
    show(found)
    return 0


def show(found: Found) -> None:
    """Print the front and where everything is."""
    from rich.console import Console

    from edge_compress.compress.report.search_table import search_table

    console = Console()
    console.print(search_table(found.record))
    lines = [f"WARN: {warning}" for warning in found.record.warnings]
    if found.record.binding:
        lines.append(found.record.binding)
    lines += [
        f"bundle: {found.bundle}",
        f"recipe: {found.folder / 'recipe.yaml'}",
        f"report: {found.folder / 'report.html'}",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _join(args: argparse.Namespace) -> int:
    from edge_compress.compress.search.run import join
    from edge_compress.compress.terminal import TerminalProgress

    if args.storage is None:
        raise ArgumentError("`--worker` needs `--storage`: that of the search to help with")
    for name in ("output", "fresh", "overwrite"):
        if getattr(args, name):
            raise ArgumentError(f"`--{name}` is not for a `--worker`: it writes no bundle")
    with TerminalProgress() as progress:
        join(
            _storage(args.storage),
            _config(args) if args.config is not None else None,
            origin=args.config or Path("search"),
            trials=args.trials,
            minutes=args.minutes,
            progress=progress,
        )
    return 0


def _config(args: argparse.Namespace) -> SearchConfig:
    """The search file, with what the command line says in its place."""
    from edge_compress.compress.search.config import load_search

    given = {"trials": args.trials, "minutes": args.minutes}
    changes = {key: value for key, value in given.items() if value is not None}
    return load_search(args.config).model_copy(update=changes)


def _storage(text: str) -> Path | str:
    return text if "://" in text else Path(text)
