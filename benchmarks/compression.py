"""YOLOX-Nano on vtest.avi: how much faster and smaller, at which agreement."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from edge_compress.compress import pipeline
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.report import terminal_table
from edge_compress.compress.terminal import TerminalProgress
from edge_compress.errors import EdgeCompressError

RECIPE = Path(__file__).parents[1] / "config" / "recipes" / "yolox_nano_vtest.yaml"
GOALS = {"speedup": 2.5, "size_ratio": 4.0, "agreement_ap50": 0.9}


def measure(recipe_file: Path, console: Console) -> dict[str, Any]:
    """Compress by a recipe and return the figures."""
    recipe = load_recipe(recipe_file)
    with tempfile.TemporaryDirectory() as folder, TerminalProgress(console) as progress:
        _, record = pipeline.run(recipe, Path(folder) / f"{recipe.name}.bundle", progress=progress)
    console.print(terminal_table(record))
    original, final = record.original, record.final
    if original.latency_ms is None or final.latency_ms is None:
        raise ValueError("a run measures the latency of both models")
    return {
        "speedup": original.latency_ms.p50 / final.latency_ms.p50,
        "size_ratio": original.size_bytes / final.size_bytes,
        "agreement_ap50": final.agreement_ap50,
        "agreement_ap50_per_class": record.per_class_ap50,
        "threads": final.latency_ms.threads,
        "device": record.device,
        "passes": {outcome.name: outcome.why for outcome in record.outcomes},
    }


def main() -> int:
    """Measure, print the figures beside their goals, and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    args = parser.parse_args()
    console = Console()
    try:
        figures = measure(args.recipe, console)
    except EdgeCompressError as error:
        print(f"bench: error: {error}", file=sys.stderr)
        return 2
    for name, goal in GOALS.items():
        console.print(f"{name:32} {figures[name]:.3f}   (at least {goal:g})", highlight=False)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
