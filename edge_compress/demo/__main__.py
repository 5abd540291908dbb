"""`python -m edge_compress.demo`, from the root of the repository."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge_compress.compress import pipeline
from edge_compress.compress.data import FramesConfig
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.recipe_file import RecipeError
from edge_compress.compress.report import terminal_table
from edge_compress.compress.terminal import TerminalProgress
from edge_compress.demo.flight import fly
from edge_compress.demo.pictures import draw_pictures
from edge_compress.demo.summary import Summary, summarize
from edge_compress.errors import EdgeCompressError

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "config" / "recipes" / "yolox_nano_vtest.yaml"


def main() -> int:
    """Compress, fly, and tell."""
    parser = argparse.ArgumentParser(prog="make demo", description=main.__doc__)
    parser.add_argument(
        "--recipe", type=Path, default=RECIPE, help="one that learns from a video (%(default)s)"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "demo", metavar="FOLDER")
    args = parser.parse_args()
    console = Console()
    try:
        _demo(args.recipe, args.output, console)
    except EdgeCompressError as error:
        print(f"demo: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; run the same command again to go on", file=sys.stderr)
        return 130
    return 0


def _demo(recipe_file: Path, output: Path, console: Console) -> None:
    began = time.monotonic()
    output.mkdir(parents=True, exist_ok=True)
    recipe = load_recipe(recipe_file)
    data = recipe.data
    if not isinstance(data, FramesConfig):
        raise RecipeError(f"{recipe_file}: the demo flies over a video: `data.format` is `frames`")
    video = data.frames

    console.rule("1. Compress: YOLOX-Nano learns from its own detections, without labels")
    with TerminalProgress(console) as progress:
        bundle, record = pipeline.run(
            recipe,
            output / f"{recipe.name}.bundle",
            overwrite=True,
            recipe_text=recipe_file.read_text(encoding="utf-8"),
            progress=progress,
        )
    console.print(terminal_table(record))

    console.rule("2. Run: camera and detector, two processes over DDS")
    flight = fly(bundle, video, output, console)

    console.rule("3. Summary")
    first = data.held_out.start
    picture, clip = draw_pictures(bundle, video, first, output)
    summary = summarize(record, recipe.classes, flight, bundle, ROOT)
    (output / "summary.json").write_text(summary.model_dump_json(indent=2) + "\n")
    console.print(_table(summary))
    for what, path in (
        ("summary", output / "summary.json"),
        ("report", bundle / "report.html"),
        ("picture", picture),
        ("video", clip),
        ("bundle", bundle),
    ):
        console.print(f"{what:8} {path}", highlight=False, soft_wrap=True)
    console.print(f"took {(time.monotonic() - began) / 60:.1f} minutes")


def _table(summary: Summary) -> Table:
    original, compressed = summary.original, summary.compressed
    table = Table(show_header=True, min_width=60)
    for heading in ("", "original", "compressed", ""):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row(
        f"latency p50, {compressed.threads} thread",
        f"{original.latency_ms_p50:.1f} ms",
        f"{compressed.latency_ms_p50:.1f} ms",
        f"{summary.speedup:.1f}x faster",
    )
    table.add_row(
        "file",
        f"{original.size_bytes / 1e6:.2f} MB",
        f"{compressed.size_bytes / 1e6:.2f} MB",
        f"{summary.size_ratio:.1f}x smaller",
    )
    table.add_row(
        "parameters", f"{original.params / 1e3:.0f} k", f"{compressed.params / 1e3:.0f} k"
    )
    table.add_row("MACs", f"{original.macs / 1e6:.0f} M", f"{compressed.macs / 1e6:.0f} M")
    table.add_row("agreement AP50 (not accuracy)", "1", f"{summary.agreement_ap50:.3f}")
    table.add_row("frames published", "", f"{summary.frames_published}")
    table.add_row("frames processed", "", f"{summary.frames_processed}")
    table.add_row("frames dropped", "", f"{summary.frames_dropped}")
    times = summary.stamp_to_publish_ms
    table.add_row("stamp to publish p50 / p99", "", f"{times.p50:.1f} / {times.p99:.1f} ms")
    power = "not readable here" if summary.power_w is None else f"{summary.power_w:.1f} W"
    table.add_row("power", "", power)
    return table


if __name__ == "__main__":
    sys.exit(main())
