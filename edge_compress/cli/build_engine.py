"""`edge_compress build-engine`: TensorRT engines built ahead of flight."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge_compress.cli.arguments import SubParsers, add_trusted_key, natural, positive
from edge_compress.cli.build_progress import build_progress

if TYPE_CHECKING:
    from edge_compress.bundle.reader import Bundle
    from edge_compress.bundle.schema import Variant
    from edge_compress.inference.options import RuntimeOptions
    from edge_compress.inference.sealed_file import SealedFile
    from edge_compress.inference.tensorrt.build_status import OnBuild
    from edge_compress.inference.tensorrt.engine import Engine

_EPILOG = """\
Run it on the robot itself: an engine fits one TensorRT version on one GPU. Each file of the bundle
that fits TensorRT gets an engine, which is then opened and run once. The detector finds the engines
when it runs as the same user with the same options; it builds what is missing itself, and that
takes minutes.

examples:
  edge_compress build-engine small.bundle
  edge_compress build-engine small.bundle --precision fp16 --workspace-mb 1024
  edge_compress build-engine small.bundle --dla-core 0
"""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "build-engine",
        help="build a bundle's TensorRT engines ahead of time, on the machine that runs them",
        description="Build and keep the TensorRT engines of a bundle.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument(
        "--variant", metavar="FILE", help="only this file of the bundle (default: all that fit)"
    )
    parser.add_argument(
        "--precision",
        choices=("file", "fp16"),
        default="file",
        help="fp16 also allows half precision where the file is float32 (default: %(default)s)",
    )
    parser.add_argument(
        "--workspace-mb", type=positive, metavar="MB", help="scratch memory at most, in MiB"
    )
    parser.add_argument(
        "--dla-core", type=natural, metavar="N", help="run on this Deep Learning Accelerator"
    )
    parser.add_argument(
        "--optimization-level",
        type=natural,
        choices=range(6),
        metavar="0-5",
        help="5 builds longest and runs fastest",
    )
    parser.add_argument(
        "--device", type=natural, default=0, metavar="N", help="GPU (default: %(default)s)"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="where engines are kept (default: $EDGE_COMPRESS_CACHE or the user's cache)",
    )
    parser.add_argument("--rebuild", action="store_true", help="build what is there already, too")
    add_trusted_key(parser)


def run(args: argparse.Namespace) -> int:
    """Build, try each engine, and print where it is.

    Raises:
        BundleError: the bundle does not verify, or no trusted key signed it.
        ProviderError: TensorRT is not there, or cannot build an engine.
        VariantError: the bundle has no such file.
    """
    from edge_compress.bundle.reader import Bundle
    from edge_compress.inference.sealed_file import SealedFile

    bundle = Bundle.open(args.bundle, args.trusted_key)
    variants = _variants(bundle, args.variant)
    asked = _options(args)
    for variant in variants:
        spec = bundle.manifest.input_of(variant)
        options = asked.for_size(spec.height, spec.width)
        with build_progress(variant.file) as on_build:
            model = SealedFile(bundle, variant)
            engine = _build(model, options, on_build, rebuild=args.rebuild)
        how = "was there already" if engine.built_s is None else f"built in {engine.built_s:.0f} s"
        print(f"{variant.file}: {how}, {len(engine.plan) / 1e6:.1f} MB, {engine.path}", flush=True)
    return 0


def _variants(bundle: Bundle, asked: str | None) -> list[Variant]:
    from edge_compress.inference.choose import choose, fitting

    return fitting(bundle, "tensorrt") if asked is None else [choose(bundle, "", variant=asked)]


def _options(args: argparse.Namespace) -> RuntimeOptions:
    from edge_compress.inference.options import RuntimeOptions, TensorrtOptions

    tensorrt = TensorrtOptions(
        backend="native",
        precision=args.precision,
        workspace_mb=args.workspace_mb,
        dla_core=args.dla_core,
        optimization_level=args.optimization_level,
        cache=args.cache,
    )
    return RuntimeOptions(device_id=args.device, tensorrt=tensorrt)


def _build(
    model: SealedFile, options: RuntimeOptions, on_build: OnBuild, *, rebuild: bool
) -> Engine:
    """Build an engine, open it, and run it once."""
    from edge_compress.inference.latency import random_input
    from edge_compress.inference.tensorrt.engine import obtain
    from edge_compress.inference.tensorrt.library import load
    from edge_compress.inference.tensorrt.model_file import ModelFile
    from edge_compress.inference.tensorrt.session import TensorrtSession

    library = load(options.device_id)
    file = ModelFile.of(model)
    engine = obtain(library, file, options.tensorrt, on_build, rebuild=rebuild)
    session = TensorrtSession(model, options=options, on_build=on_build)
    try:
        session.run(random_input(session, model.name))
    finally:
        session.close()
    return engine
