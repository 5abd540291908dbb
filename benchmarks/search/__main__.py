"""`python -m benchmarks search`: compare the algorithms on the table, and write docs/search.md."""

from __future__ import annotations

import sys

from benchmarks.search.compare import by_accuracy, by_front
from benchmarks.search.page import PAGE, write
from benchmarks.search.table import load

SEEDS = 20


def main() -> int:
    table = load()
    print(f"{len(table)} architectures, {SEEDS} seeds for each algorithm: some minutes", flush=True)
    write(table, by_accuracy(table, SEEDS), by_front(table, SEEDS))
    print(f"written: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
