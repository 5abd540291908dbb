"""The models that a detector may step down to when it is too slow, and up again."""

from __future__ import annotations

from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import Variant
from edge_compress.inference.choose import fitting, p50_ms
from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.tensorrt.build_status import OnBuild

_WORTH = 0.95  # of the latency of the step above: less is within what a measurement is sure of


def ladder(
    bundle: Bundle,
    provider: str,
    *,
    threads: int = 0,
    options: RuntimeOptions | None = None,
    on_build: OnBuild | None = None,
) -> list[Variant]:
    """Return the variants that fit a provider, from the most accurate to the fastest.

    Each is faster than the one before, by 5 % at least; a variant that is neither more accurate
    nor faster than another is left out. Of one model the accuracy decides, or the agreement, as
    they were measured; among models their order in the bundle does, since figures against two
    originals cannot be compared.

    Args:
        bundle: an opened bundle.
        provider: ``cpu``, ``cuda`` or ``tensorrt``.
        threads: within one operator, where latency has to be measured here.
        options: of all runtimes, for that measurement.
        on_build: told how far the build of a TensorRT engine is; returns False to cancel it.

    Returns:
        One variant at least.

    Raises:
        ModelError: a candidate cannot be loaded.
        ProviderError: the bundle has none that fits the provider, or it did not come up.
    """
    candidates = fitting(bundle, provider)
    if len(candidates) == 1:
        return candidates
    p50 = p50_ms(bundle, candidates, provider, threads=threads, options=options, on_build=on_build)

    def order(variant: Variant) -> tuple[int, float, float]:
        # Of equals the fastest comes first, and the others are then no step down.
        return variant.rung, -(variant.measured.quality or 0.0), p50[variant.file]

    first, *rest = sorted(candidates, key=order)
    steps = [first]
    for variant in rest:
        if p50[variant.file] < _WORTH * p50[steps[-1].file]:
            steps.append(variant)
    return steps
