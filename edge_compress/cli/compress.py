"""`edge_compress compress`: from a recipe, or a budget, to a bundle."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from edge_compress.cli import auto
from edge_compress.cli.arguments import SubParsers

_EPILOG = """\
A run that is interrupted (Ctrl-C, a kill, a power cut) goes on after its last finished pass when
the same command is given again. What is finished lies in OUTPUT's name with .state for .bundle.

exit codes:
  0  the bundle is written; a budget that was not met is said as a WARN line
  2  a mistake in the recipe, model, footage or output, said in one message
  130, 143  interrupted by Ctrl-C or SIGTERM

examples:
  edge_compress compress recipe.yaml
  edge_compress compress recipe.yaml -o small.bundle --overwrite
  edge_compress compress --auto --model net.onnx --data flight.mp4 --max-drop 0.05 --latency-ms 15
  torchrun --nproc-per-node 2 -m edge_compress.cli.main compress recipe.yaml
"""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "compress",
        help="make a model smaller and faster by a recipe",
        description="Run a recipe: each pass is measured, and kept or rolled back.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "recipe", type=Path, nargs="?", metavar="RECIPE", help="recipe, a YAML file"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUTPUT",
        help="bundle to write (default: the recipe's `name` with .bundle, in this folder)",
    )
    parser.add_argument(
        "--state", type=Path, metavar="FOLDER", help="where finished passes are kept"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="forget what an earlier run has finished"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUTPUT if it exists")
    auto.add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compress, and print the table and where the bundle is.

    Raises:
        EdgeCompressError: for a mistake that the user can mend.
    """
    auto.check(args)
    signal.signal(signal.SIGTERM, _stop)
    if "TORCHELASTIC_RUN_ID" in os.environ:  # which hands on the terminal's Ctrl-C a second time
        signal.signal(signal.SIGINT, _interrupt_once)
    try:
        return _led_or_helped(args)
    except (KeyboardInterrupt, _Stopped) as stopped:
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # an impatient second one must not show a trace
        rank = int(os.environ.get("RANK", "0"))
        ended = isinstance(stopped, _Stopped) and "TORCHELASTIC_RUN_ID" in os.environ
        if rank == 0 or (rank == 1 and ended):  # it may be the first that has ended
            why = "stopped: another process or torchrun has ended" if ended else "interrupted"
            print(f"{why}; run the same command again to go on", file=sys.stderr)
        return 143 if isinstance(stopped, _Stopped) else 130


def _led_or_helped(args: argparse.Namespace) -> int:
    """Of the processes that torchrun has started, the first compresses and the others help."""
    from edge_compress.compress.training.processes import ProcessLost, processes

    heard: list[int] = []
    try:
        with processes() as team:
            if team is None or team.leads:
                return auto.run(args) if args.auto else _compress(args)
            # At Ctrl-C the one that leads stops and says so; its end is seen here.
            signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
            team.help()
            return 0
    except ProcessLost:
        if heard:
            return 130
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun's, who has seen it, too
        raise


def _compress(args: argparse.Namespace) -> int:
    from rich.console import Console

    from edge_compress.compress import pipeline
    from edge_compress.compress.recipe import load_recipe
    from edge_compress.compress.report import terminal_table
    from edge_compress.compress.terminal import TerminalProgress

    recipe = load_recipe(args.recipe)
    output: Path = args.output or Path(f"{recipe.name}.bundle")
    with TerminalProgress() as progress:
        finished = pipeline.run(
            recipe,
            output,
            state=args.state,
            resume=not args.fresh,
            overwrite=args.overwrite,
            recipe_text=args.recipe.read_text(encoding="utf-8"),
            progress=progress,
        )
    console = Console(markup=False, emoji=False)
    console.print(terminal_table(finished.record))
    for warning in finished.record.warnings:
        console.print(f"WARN: {warning}", highlight=False, soft_wrap=True)
    for line in (f"bundle: {finished.bundle}", f"report: {finished.bundle / 'report.html'}"):
        console.print(line, highlight=False, soft_wrap=True)
    return 0


class _Stopped(BaseException):
    """SIGTERM came."""


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped
