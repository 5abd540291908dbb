"""Which of a bundle's model files to run on a provider."""

from __future__ import annotations

from collections.abc import Sequence

from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import Variant
from edge_compress.errors import EdgeCompressError
from edge_compress.inference.device import device_name
from edge_compress.inference.latency import measure_latency
from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.sealed_file import SealedFile
from edge_compress.inference.session import ProviderError
from edge_compress.inference.tensorrt.build_status import OnBuild

# What each provider may run. A file quantized for one kernel set is slow or wrong on another.
_FITTING = {
    "cpu": ("ort-cpu", "fp32"),
    "cuda": ("tensorrt", "fp32"),
    "tensorrt": ("tensorrt", "fp32"),
}
# Long enough to rank, short enough for a node that is being configured.
_ROUNDS, _SECONDS = 30, 0.6


class VariantError(EdgeCompressError):
    """A bundle has no such variant."""


def choose(
    bundle: Bundle,
    provider: str,
    *,
    threads: int = 0,
    variant: str = "auto",
    options: RuntimeOptions | None = None,
    on_build: OnBuild | None = None,
) -> Variant:
    """Return the variant to run: the one asked for, or the fastest that fits the provider.

    Args:
        bundle: an opened bundle.
        provider: ``cpu``, ``cuda`` or ``tensorrt``.
        threads: within one operator, for the measurement here.
        variant: a file name of the bundle, or ``auto``.
        options: of all runtimes, for the measurement here.
        on_build: told how far the build of a TensorRT engine is; returns False to cancel it.

    Raises:
        VariantError: the bundle has no such file.
        ModelError: a candidate cannot be loaded.
        ProviderError: the bundle has none that fits the provider, or it did not come up.
    """
    if variant != "auto":
        return named(bundle, variant)
    return ranked(bundle, provider, threads=threads, options=options, on_build=on_build)[0]


def named(bundle: Bundle, file: str) -> Variant:
    """Return the variant of this file name.

    Raises:
        VariantError: the bundle has no such file.
    """
    variants = bundle.manifest.variants
    for variant in variants:
        if variant.file == file:
            return variant
    files = ", ".join(v.file for v in variants)
    raise VariantError(f"{bundle.path}: no variant {file!r}; it has {files}")


def ranked(
    bundle: Bundle,
    provider: str,
    *,
    rung: int | None = None,
    threads: int = 0,
    options: RuntimeOptions | None = None,
    on_build: OnBuild | None = None,
) -> list[Variant]:
    """Return the files of one model that fit the provider, the fastest first.

    Args:
        bundle: an opened bundle.
        provider: ``cpu``, ``cuda`` or ``tensorrt``.
        rung: which of the bundle's models; None is the first that has a file that fits.
        threads: within one operator, for the measurement here.
        options: of all runtimes, for the measurement here.
        on_build: told how far the build of a TensorRT engine is; returns False to cancel it.

    Raises:
        ModelError: a candidate cannot be loaded.
        ProviderError: the bundle has none that fits the provider, or it did not come up.
    """
    candidates = fitting(bundle, provider, rung)
    rung = min(v.rung for v in candidates)
    candidates = [v for v in candidates if v.rung == rung]
    if len(candidates) == 1:
        return candidates
    p50 = p50_ms(bundle, candidates, provider, threads=threads, options=options, on_build=on_build)
    return sorted(candidates, key=lambda v: p50[v.file])


def fitting(bundle: Bundle, provider: str, rung: int | None = None) -> list[Variant]:
    """Return the variants that are made for a provider: of one rung, or of all.

    Raises:
        ProviderError: there is none.
    """
    variants = [v for v in bundle.manifest.variants if rung in (None, v.rung)]
    candidates = [v for v in variants if v.profile in _FITTING.get(provider, ())]
    if not candidates:
        profiles = ", ".join(v.profile for v in variants)
        raise ProviderError(f"{bundle.path}: no variant for {provider}; it has {profiles}")
    return candidates


def p50_ms(
    bundle: Bundle,
    variants: Sequence[Variant],
    provider: str,
    *,
    threads: int = 0,
    options: RuntimeOptions | None = None,
    on_build: OnBuild | None = None,
) -> dict[str, float]:
    """Return the median latency of each variant in milliseconds, by file.

    The bundle's own figures are taken where they were measured on this device and provider; else
    the variants are timed here, briefly and in turns. The arguments are those of `ranked`.

    Raises:
        ModelError: a variant cannot be loaded.
        ProviderError: the provider did not come up.
    """
    known = _p50_from_manifest(variants, provider)
    if known is not None:
        return known
    options = options or RuntimeOptions()
    inputs = {v.file: bundle.manifest.input_of(v) for v in variants}
    measured = measure_latency(
        {v.file: SealedFile(bundle, v) for v in variants},
        threads=threads,
        rounds=_ROUNDS,
        seconds=_SECONDS,
        provider=provider,
        options={f: options.for_size(spec.height, spec.width) for f, spec in inputs.items()},
        on_build=on_build,
    )
    return {file: stats.p50 for file, stats in measured.items()}


def _p50_from_manifest(variants: Sequence[Variant], provider: str) -> dict[str, float] | None:
    """Return the figures that the bundle carries, if all were taken alike on this very device."""
    stats = {v.file: v.measured.latency_ms for v in variants}
    known = {file: s for file, s in stats.items() if s is not None}
    if len(known) < len(variants) or len({s.threads for s in known.values()}) > 1:
        return None
    here = device_name()
    if any(s.device != here or s.provider != provider for s in known.values()):
        return None
    return {file: s.p50 for file, s in known.items()}
