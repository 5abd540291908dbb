"""Several bundles in one, so that a robot can step down from one model to a smaller one."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from edge_compress.bundle.checksums import WRITTEN_LAST
from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import SCHEMA_VERSION, Extra, InputSpec, Manifest, Variant
from edge_compress.bundle.writer import BundleWriter

_RUNG = re.compile(r"^rung(\d+)\.(.+)$")


def combine(bundles: Sequence[Bundle], output: Path, *, overwrite: bool = False) -> Path:
    """Write a bundle with the models of all, in their order.

    The first bundle gives the name, the figures of the original and the provenance, and its model
    is the one that runs. Each file of the others is there too, as ``rungN.FILE``. Signatures are
    not taken over: they are of other bundles.

    Args:
        bundles: two or more, from the most accurate model to the fastest.
        output: the new bundle's folder.
        overwrite: replace a bundle that is there already.

    Returns:
        The new bundle's folder.

    Raises:
        BundleError: there are too few, they do not fit together, or the new one cannot be written;
            nothing half-written stays.
    """
    if len(bundles) < 2:
        raise BundleError("one bundle alone is not combined; name two or more")
    first = bundles[0]
    for other in bundles[1:]:
        _refuse_another_kind(first, other)
    variants: list[Variant] = []
    extras: list[Extra] = []
    with BundleWriter(output, overwrite=overwrite) as writer:
        for bundle in bundles:
            rung = max((variant.rung for variant in variants), default=-1) + 1
            for entry in os.scandir(bundle.path):
                if entry.name not in WRITTEN_LAST:
                    writer.add(_name(entry.name, rung), Path(entry.path))
            manifest = bundle.manifest
            variants += [_moved(manifest, v, rung, first.manifest.input) for v in manifest.variants]
            extras += [
                extra.model_copy(update={"file": _name(extra.file, rung)})
                for extra in manifest.extras
            ]
        parts = {"variants": tuple(variants), "extras": tuple(extras)}
        kept = first.manifest.model_copy(update={"schema_version": SCHEMA_VERSION, **parts})
        return writer.finish(Manifest.model_validate(kept.model_dump()))


def _refuse_another_kind(first: Bundle, other: Bundle) -> None:
    for what in ("task", "labels", "head"):
        here, there = getattr(first.manifest, what), getattr(other.manifest, what)
        if here != there:
            raise BundleError(
                f"{other.path}: its `{what}` ({_brief(there)}) is not that of {first.path} "
                f"({_brief(here)}); only models that can stand in for one another are combined"
            )


def _brief(value: object) -> str:
    if isinstance(value, tuple):
        return f"{len(value)}: {', '.join(value[:3])}{', …' * (len(value) > 3)}"
    return str(value)


def _name(file: str, rung: int) -> str:
    """The name in the new bundle of a file of one whose first model comes to `rung`."""
    if rung == 0:
        return file
    own = _RUNG.match(file)
    if own is not None:
        return f"rung{rung + int(own[1])}.{own[2]}"
    return f"rung{rung}.{file}"


def _moved(manifest: Manifest, variant: Variant, rung: int, usual: InputSpec) -> Variant:
    """The variant as the new bundle tells of it."""
    spec, sample = manifest.input_of(variant), variant.sample
    if sample is not None:
        sample = sample.model_copy(update={"file": _name(sample.file, rung)})
    return variant.model_copy(
        update={
            "file": _name(variant.file, rung),
            "rung": rung + variant.rung,
            "input": None if spec == usual else spec,
            "sample": sample,
        }
    )
