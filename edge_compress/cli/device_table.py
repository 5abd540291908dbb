"""`edge_compress profile --device-table`: what single operators take on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def run(args: argparse.Namespace) -> int:
    """Measure a table and write it; when it is interrupted, nothing is written.

    Raises:
        DeviceTableError: it cannot be measured for the provider, or not be written there.
    """
    from edge_compress.inference.device_table.measure import MINUTES, measure_table
    from edge_compress.inference.device_table.table import check_writable, save_table

    check_writable(args.device_table)
    minutes = MINUTES if args.minutes is None else args.minutes
    with _progress(minutes) as on_network:
        table = measure_table(
            threads=args.threads, provider=args.provider, minutes=minutes, on_network=on_network
        )
    save_table(table, args.device_table)
    warmed = [f"{name} {celsius:.0f} °C" for name, celsius in table.celsius_after.items()]
    told = [
        f"{table.device}, {table.provider}, {table.threads} thread{'s' * (table.threads > 1)}",
        f"{len(table.rows)} kernels in {len(table.whole)} networks",
        *(table.power_mode,) * bool(table.power_mode),
        *warmed[:1],
    ]
    print(f"device table: {args.device_table}")
    print("; ".join(map(str, told)))
    return 0


@contextmanager
def _progress(minutes: float) -> Iterator[Callable[[float], None] | None]:
    """Show a bar on a terminal; on anything else, one line."""
    if not sys.stderr.isatty():
        print(f"measuring operators for {minutes:g} minutes", file=sys.stderr)
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring operators", total=1.0)
        yield lambda share: bar.update(task, completed=share)
