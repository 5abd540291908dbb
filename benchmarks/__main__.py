"""Measure what README and docs claim, as ratios within one run.

`python -m benchmarks` (`make bench`) does those of the README in some minutes, `python -m
benchmarks results` (`make results`) every technique for docs/results.md, in hours, and `python -m
benchmarks search` the search algorithms for docs/search.md, in minutes, `python -m benchmarks
prediction` the latency that a device table predicts for docs/prediction.md, in minutes, `python -m
benchmarks runtime` the detector node for docs/runtime.md, in an hour.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OUTPUT = Path(__file__).parents[1] / "build" / "bench"
BENCHMARKS = {
    "compression": ("--json", OUTPUT / "compression.json"),
    "bags": ("--frames", "300", "--turns", "1", "--json", OUTPUT / "bags.json"),
    "scoring": ("--turns", "1", "--json", OUTPUT / "scoring.json"),
    "runtime": ("--seconds", "20", "--output", OUTPUT / "runtime"),  # docs/runtime.md has longer
}


def main() -> int:
    """Run one benchmark after the other, each in a process of its own."""
    if sys.argv[1:2] == ["results"]:
        from benchmarks.techniques.__main__ import main as results

        return results(sys.argv[2:])
    if sys.argv[1:2] == ["search"]:
        from benchmarks.search.__main__ import main as search

        return search()
    if sys.argv[1:2] == ["prediction"]:
        from benchmarks.prediction.__main__ import main as prediction

        return prediction(sys.argv[2:])
    if sys.argv[1:2] == ["runtime"]:
        from benchmarks.runtime.__main__ import main as runtime

        return runtime(sys.argv[2:])
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name, arguments in BENCHMARKS.items():
        print(f"--- {name}", flush=True)
        code = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments]).returncode
        if code:
            return code
    print(f"figures: {OUTPUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
