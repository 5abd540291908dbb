"""`edge_compress inspect`: what is in a bundle, and is it whole."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from edge_compress.cli.arguments import SubParsers, add_trusted_key

if TYPE_CHECKING:
    from rich.table import Table

    from edge_compress.bundle.reader import Bundle
    from edge_compress.bundle.schema import Manifest, Measurement

_EPILOG = """\
examples:
  edge_compress inspect small.bundle
  edge_compress inspect small.bundle --json | jq .variants
  edge_compress inspect small.bundle --trusted-key release.pub.pem
"""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "inspect",
        help="show what is in a bundle and check that it is whole",
        description="Verify every byte of a bundle and show its manifest.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder NAME.bundle")
    parser.add_argument("--json", action="store_true", help="print the manifest as JSON")
    add_trusted_key(parser)


def run(args: argparse.Namespace) -> int:
    """Verify and show the bundle.

    Raises:
        BundleError: the bundle does not verify, or no trusted key signed it.
    """
    from edge_compress.bundle.reader import Bundle

    bundle = Bundle.open(args.bundle, args.trusted_key)
    if args.json:
        shown = {
            "path": str(bundle.path),
            "verified": True,
            "signed_by": [signature.key_id for signature in bundle.signatures],
            "signed_by_trusted": list(bundle.signers),
        }
        print(json.dumps(shown | bundle.manifest.model_dump(mode="json"), indent=2))
        return 0

    from rich.console import Console

    # Names and labels may have brackets, which are no markup.
    console = Console(markup=False, emoji=False)
    console.print(_facts(bundle))
    console.print(_models(bundle.manifest))
    return 0


def _facts(bundle: Bundle) -> Table:
    from rich.table import Table

    manifest = bundle.manifest
    spec, origin = manifest.input, manifest.provenance
    labels = ", ".join(manifest.labels[:5]) + (", …" if len(manifest.labels) > 5 else "")
    table = Table(title=manifest.name, show_header=False, title_justify="left")
    table.add_row("bundle", str(bundle.path))
    table.add_row("verified", "every file matches its sha256")
    table.add_row("signed", _signed(bundle))
    table.add_row("task", manifest.task)
    table.add_row("input", f"{spec.width}x{spec.height} {spec.color}, {spec.fit} {spec.anchor}")
    table.add_row("head", manifest.head.kind)
    table.add_row("labels", f"{len(manifest.labels)}: {labels}")
    table.add_row("made", f"{origin.created} from {origin.model}, seed {origin.seed}")
    if origin.frames:
        table.add_row("taught by", origin.frames)
    table.add_row("parity sample", _sample(manifest))
    for extra in manifest.extras:
        table.add_row("also", f"{extra.file} ({extra.format}, {extra.size_bytes / 1e6:.2f} MB)")
    devices = _devices(manifest)
    if devices:
        table.add_row("measured on", devices)
    if origin.libraries:
        used = ", ".join(f"{k} {v}" for k, v in sorted(origin.libraries.items()))
        table.add_row("libraries", used)
    return table


def _signed(bundle: Bundle) -> str:
    """Say whose signatures there are, and what is known of them."""
    if not bundle.signatures:
        return "no"
    told = []
    for signature in bundle.signatures:
        known = "verified" if signature.key_id in bundle.signers else "not verified: no trusted key"
        told.append(f"by {signature.key_id[:16]}…: {known}")
    return "\n".join(told)


def _sample(manifest: Manifest) -> str:
    """Say by what a robot judges its providers."""
    from edge_compress.inference.parity_sample import SURE

    if not manifest.samples:
        return "none, so a provider is taken that runs at all"
    told = []
    for variant in manifest.variants:
        if variant.sample is not None:
            sure = sum(seen.score >= SURE for seen in variant.sample.objects)
            told.append(f"{variant.sample.file}: {sure} seen by {variant.file}")
    return "\n".join(told)


def _models(manifest: Manifest) -> Table:
    from rich import box
    from rich.table import Table

    # Narrow enough for a terminal of 80 columns, and for a pipe, which counts as one.
    table = Table(
        title="models (latency in ms)",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    quality = "agree" if manifest.original.accuracy is None else "accuracy"
    table.add_column("file", overflow="fold")
    for column in ("for", "type"):
        table.add_column(column, no_wrap=True)
    for column in ("MB", "Mparam", "MMACs", "p50", "p99", quality):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_row("(original)", "", "", *_figures(manifest.original))
    for variant in manifest.variants:
        figures = _figures(variant.measured)
        table.add_row(variant.file, variant.profile, variant.precision, *figures)
        if variant.input is not None:
            table.add_row(f"  input {variant.input.width}x{variant.input.height}")
    return table


def _devices(manifest: Manifest) -> str:
    """Say where the latencies come from."""
    measured = [manifest.original, *(v.measured for v in manifest.variants)]
    latencies = [(m.latency_ms, "") for m in measured] + [
        (m.predicted, ", predicted from its device table") for m in measured
    ]
    places = dict.fromkeys(
        f"{s.device}, {s.provider}, {s.threads} thread{'s' * (s.threads > 1)}{told}"
        for s, told in latencies
        if s is not None
    )
    return "; ".join(places)


def _figures(measured: Measurement) -> list[str]:
    latency = measured.latency_ms
    quality = measured.quality
    return [
        f"{measured.size_bytes / 1e6:.2f}",
        f"{measured.params / 1e6:.2f}",
        f"{measured.macs / 1e6:.0f}",
        f"{measured.p50_ms:.2f}" if measured.p50_ms is not None else "-",
        f"{latency.p99:.2f}" if latency else "-",
        f"{quality:.3f}" if quality is not None else "-",
    ]
