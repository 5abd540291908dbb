"""`python -m benchmarks results`: run what is not finished yet, and write `docs/results.md`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from benchmarks.techniques import latency, page
from benchmarks.techniques.environments import PACKAGES, python_of
from benchmarks.techniques.experiment import SEEDS
from benchmarks.techniques.experiments import SUBJECTS
from benchmarks.techniques.run import chosen, run_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks results", description=__doc__)
    parser.add_argument(
        "--only", action="append", default=[], metavar="PATTERN", help="SUBJECT/NAME, as in a shell"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side, one thread each")
    parser.add_argument("--list", action="store_true", help="say what there is, and what is done")
    parser.add_argument(
        "--render-only", action="store_true", help="from the figures that there are"
    )
    parser.add_argument("--latency-only", action="store_true", help="of what is finished")
    parser.add_argument(
        "--no-latency", action="store_true", help="leave out the last step, on a busy machine"
    )
    args = parser.parse_args(arguments)
    runs = chosen(args.only, args.seeds)
    if args.list:
        for run in runs:
            print(f"{'done' if run.finished else '    '} {run.name}")
        return 0
    failed = []
    if not args.render_only:
        for tool in {str(run.experiment.rival) for run in runs if not run.finished}:
            if tool in PACKAGES and not args.latency_only:
                python_of(tool)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            failed = [] if args.latency_only else run_all(runs, args.jobs)
        except KeyboardInterrupt:
            print("stopped; the same command goes on", file=sys.stderr)
            return 130
        for subject in SUBJECTS if not args.no_latency else ():
            latency.measure(subject, [run for run in runs if run.experiment.subject is subject])
    page.write()
    for run in failed:
        print(f"failed: {run.name}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
