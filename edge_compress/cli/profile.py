"""`edge_compress profile`: how fast a model is on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edge_compress.cli import device_table
from edge_compress.cli.arguments import SubParsers, add_threads, minutes, natural, positive
from edge_compress.errors import EdgeCompressError

if TYPE_CHECKING:
    from edge_compress.bundle.schema import LatencyStats
    from edge_compress.inference.sealed_file import ModelSource

_EPILOG = """\
Only the runtime's call is timed, after a warm-up, on a random input. The files of a bundle that fit
the provider are timed in turns, so that they can be compared.

examples:
  edge_compress profile small.bundle
  edge_compress profile yolox_nano.onnx --threads 1 --runs 200 --json

With --device-table no model is measured but operators of many kinds and sizes, in about 4 minutes.
A workstation then predicts the latency of any model on this machine: `target: {device: robot.json}`
in a recipe. Measure it with nothing else running, in the power mode that the robot will have, and
with as many threads as the recipe's target.

  edge_compress profile --device-table robot.json --threads 2
"""


class UsageError(EdgeCompressError):
    """Arguments that do not go together."""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "profile",
        help="measure the latency of a bundle or an .onnx file on this machine",
        description="Measure latency percentiles of bare inference on this machine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path, nargs="?", metavar="BUNDLE|ONNX")
    parser.add_argument(
        "--device-table",
        type=Path,
        metavar="OUT.json",
        help="measure operators in place of a model, and write them here",
    )
    parser.add_argument(
        "--minutes",
        type=minutes,
        metavar="M",
        help="how long --device-table measures (default: 4)",
    )
    add_threads(parser, default=1)
    parser.add_argument(
        "--runs",
        type=positive,
        default=100,
        metavar="N",
        help="timed runs of each file (default: %(default)s)",
    )
    parser.add_argument(
        "--warmup",
        type=natural,
        default=10,
        metavar="N",
        help="runs before that (default: %(default)s)",
    )
    parser.add_argument("--provider", choices=("cpu", "cuda", "tensorrt"), default="cpu")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(args: argparse.Namespace) -> int:
    """Measure and show.

    Raises:
        BundleError: the bundle does not verify.
        ModelError: a file is no model of images.
        ProviderError: the provider is not there.
        DeviceTableError: a device table cannot be measured or written.
        UsageError: neither a model nor a device table is given, or both.
    """
    if (args.model is None) == (args.device_table is None):
        raise UsageError(
            "profile: give a bundle or an .onnx file to measure, or --device-table OUT.json"
        )
    if args.device_table is not None:
        return device_table.run(args)
    if args.minutes is not None:
        raise UsageError("profile: --minutes is for --device-table; a model is timed by --runs")
    from edge_compress.inference.latency import latency_stats, sample_latency

    models = _models(args.model, args.provider)
    with _progress(args.runs) as on_round:
        samples = sample_latency(
            models,
            threads=args.threads,
            rounds=args.runs,
            warmup=args.warmup,
            provider=args.provider,
            on_round=on_round,
        )
    stats = {
        name: latency_stats(values, threads=args.threads, provider=args.provider)
        for name, values in samples.items()
    }
    if args.json:
        print(json.dumps({name: s.model_dump() for name, s in stats.items()}, indent=2))
    else:
        _show(stats)
    return 0


def _models(path: Path, provider: str) -> Mapping[str, ModelSource]:
    """Return the files to time, by name."""
    from edge_compress.bundle.reader import Bundle
    from edge_compress.inference.choose import fitting
    from edge_compress.inference.sealed_file import SealedFile

    if path.is_dir() or path.suffix == ".bundle":
        bundle = Bundle.open(path)
        return {v.file: SealedFile(bundle, v) for v in fitting(bundle, provider)}
    return {path.name: path}


def _show(stats: dict[str, LatencyStats]) -> None:
    from rich.console import Console
    from rich.table import Table

    any_one = next(iter(stats.values()))
    threads = f"{any_one.threads} thread{'s' * (any_one.threads > 1)}"
    title = f"{any_one.device}, {any_one.provider}, {threads}"
    table = Table(title=title, title_justify="left")
    table.add_column("file")
    for column in ("p50 ms", "p90 ms", "p99 ms", "runs"):
        table.add_column(column, justify="right")
    for name, s in stats.items():
        table.add_row(name, f"{s.p50:.3f}", f"{s.p90:.3f}", f"{s.p99:.3f}", str(s.runs))
    Console(markup=False, emoji=False).print(table)  # a name may have brackets


@contextmanager
def _progress(runs: int) -> Iterator[Callable[[int], None] | None]:
    """Show a bar on a terminal; on anything else, nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring", total=runs)
        yield lambda done: bar.update(task, completed=done)
