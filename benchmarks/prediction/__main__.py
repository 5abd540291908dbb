"""`python -m benchmarks prediction`: how well a device table predicts whole models.

Nothing else should run on the machine meanwhile. The table is left in `build/bench`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.prediction import page, results
from benchmarks.prediction.measure import measure
from benchmarks.prediction.models import write_all

BUILD = results.ROOT / "build" / "bench"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks prediction", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dry", action="store_true", help="write neither figures nor page")
    args = parser.parse_args(argv)
    folder = BUILD / "prediction"
    folder.mkdir(parents=True, exist_ok=True)
    print("exporting models", flush=True)
    models = write_all(folder)
    print(f"measuring for {args.minutes:g} minutes", flush=True)
    table = BUILD / "device_table.json"
    found = measure(models, minutes=args.minutes, threads=args.threads, table_path=Path(table))
    for row in found.models:
        print(f"{row.name:60s} {row.measured_ms:9.3f} {row.predicted_ms:9.3f} {row.error:+7.1%}")
    print(
        f"{len(found.models)} models, median error {found.median_error:.1%}, "
        f"rank correlation {found.rank:.3f}"
    )
    if not args.dry:
        results.save(found)
        page.write(found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
