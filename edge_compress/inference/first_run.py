"""The first runs of a session: it is warmed up, and must see what the bundle says it sees."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import Variant
from edge_compress.inference.parity_sample import check_seen, read_sample, see
from edge_compress.inference.sealed_file import SealedFile
from edge_compress.inference.session import ProviderError, Session
from edge_compress.vision.heads import ModelOutputError
from edge_compress.vision.preprocess import preprocess

_BATCH_DIFFERENCE = 0.02  # of the output's largest magnitude; kernels differ with the batch


def first_run(session: Session, bundle: Bundle, variant: Variant, batch: int = 1) -> int:
    """Run the bundle's parity sample, or a blank frame where an older bundle has none.

    Args:
        session: open on `variant`.
        bundle: an opened bundle.
        variant: one of its variants.
        batch: how many frames at a time are wanted.

    Returns:
        How many frames at a time it runs rightly: `batch`, less, or 1.

    Raises:
        ModelError: the sample is another than when the bundle was opened.
        ProviderError: the provider failed, or its outputs are no numbers.
        SampleError: it sees something else in the sample than the bundle says.
    """
    manifest = bundle.manifest
    spec = manifest.input_of(variant)
    if variant.sample is None:
        image = np.full((spec.height, spec.width, 3), spec.pad_value, np.uint8)
    else:
        image = read_sample(SealedFile(bundle, variant.sample))
    try:
        found = see(session, spec, manifest.head, image)
    except ModelOutputError as error:
        raise ProviderError(str(error)) from error
    if variant.sample is not None:
        check_seen(variant.sample.objects, found, manifest.head)
    if batch < 2 or session.input_shape[0] is not None or manifest.head.kind == "nms-in-graph":
        return 1
    return _largest_batch(session, preprocess(image, spec)[0], batch)


def _largest_batch(session: Session, tensor: NDArray[np.float32], batch: int) -> int:
    """The most frames at a time of which each gives what it gives alone.

    A model whose batch is free by name only, with a batch of 1 in a Reshape, mixes frames up.
    """
    alone = session.run(tensor)
    blank = np.zeros_like(tensor)
    while batch > 1:
        try:
            together = session.run(np.concatenate([blank] * (batch - 1) + [tensor]))
        except ProviderError:
            batch = math.ceil(batch / 2)
            continue
        if all(
            len(many) == batch
            and many.shape[1:] == one.shape[1:]
            and np.abs(many[-1] - one[0]).max(initial=0.0)
            <= _BATCH_DIFFERENCE * max(float(np.abs(one).max(initial=0.0)), 1e-6)
            for many, one in zip(together, alone, strict=True)
        ):
            return batch
        return 1
    return 1
