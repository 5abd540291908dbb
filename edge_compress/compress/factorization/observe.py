"""What the layers of a model see and say on the frames to learn from."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.factorization.decomposition import Decomposition
from edge_compress.compress.factorization.moments import Moments
from edge_compress.compress.footage import Frames
from edge_compress.compress.layer_inputs import run, watched
from edge_compress.compress.progress import Progress
from edge_compress.vision.preprocess import preprocess

BATCH = 16
ROWS = 4096  # of one layer in one batch: its pixels are many and alike


def observe(
    candidate: Candidate,
    kinds: Mapping[str, type[Decomposition]],
    frames: Frames,
    progress: Progress,
    *,
    seed: int = 0,
) -> dict[str, tuple[Moments, ...]]:
    """Moments of what each decomposition probes of its layer.

    Args:
        candidate: run in eval mode, and left as it was.
        kinds: how each layer, by its name, is to be taken apart.
        frames: what is looked at.
        progress: where to report.
        seed: chooses the pixels that are looked at where there are many.
    """
    module = candidate.module
    moments: dict[str, tuple[Moments, ...]] = {}
    generator = torch.Generator().manual_seed(seed)

    def see(name: str, inputs: Tensor) -> None:
        rows = kinds[name].probe(module.get_submodule(name), inputs)
        gathered = moments.setdefault(name, tuple(Moments() for _ in rows))
        for moment, found in zip(gathered, rows, strict=True):
            chosen = torch.randperm(len(found), generator=generator)[:ROWS]
            moment.add(found[chosen] if len(found) > ROWS else found)

    with watched(module, list(kinds), see):
        starts = range(0, len(frames), BATCH)
        for start in progress.track(starts, "watch the layers", len(starts)):
            inputs = [preprocess(f, candidate.input)[0] for f in frames[start : start + BATCH]]
            run(module, torch.cat([torch.from_numpy(tensor) for tensor in inputs]))
    return moments
