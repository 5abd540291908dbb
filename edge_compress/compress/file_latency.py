"""Latency of several model files side by side: timed in turns, or predicted."""

from __future__ import annotations

import filecmp
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import Latency, PredictedLatency
from edge_compress.compress.latency_model.model import LatencyModel
from edge_compress.compress.latency_model.of_target import latency_model
from edge_compress.compress.target import Target
from edge_compress.compress.timing import UNSURE, paired_ratio, provider_for
from edge_compress.inference.latency import latency_stats, sample_latency

ROUNDS = 40
SURE_ROUNDS = 160
FINAL_ROUNDS = 200
MOST_SECONDS = 90.0  # of one comparison: large models get fewer rounds


class Timed(NamedTuple):
    """Latency of a file, and each run that it comes from; none where it is predicted."""

    latency: Latency
    samples_ms: tuple[float, ...] = ()


class Compared(NamedTuple):
    """Latency of a candidate and of the last kept model, and the first by the second."""

    candidate: Latency
    last: Latency
    ratio: float


class FileLatency:
    """Tells the latency of files that are given together.

    Only what was timed in one call compares: figures that were taken at different times on a warm
    or busy machine do not.

    Attributes:
        provider: that files are timed on.
        guessed: operators that a prediction met and the device table does not have.
    """

    def __init__(self, target: Target) -> None:
        """Time on this machine, or predict where the target is a device table.

        Raises:
            DeviceTableError: the target's device table cannot be used.
        """
        self._target = target
        self._model = latency_model(target)
        self.provider = provider_for(target)
        self.guessed: set[str] = set()

    def compared(self, original: Path, last: Path, candidate: Path) -> Compared:
        """Time a candidate and the last kept model; the original keeps them company."""
        if self._model is not None:
            new, old = (self._predicted(self._model, path) for path in (candidate, last))
            return Compared(new, old, new.ms / old.ms)
        paths = {"original": original, "last": last, "candidate": candidate}
        samples = self._samples(paths, ROUNDS)
        ratio = paired_ratio(samples["candidate"], samples["last"])
        if filecmp.cmp(last, candidate, shallow=False):
            ratio = 1.0  # what differs is the machine
        elif UNSURE[0] <= ratio <= UNSURE[1]:
            samples = self._samples(paths, SURE_ROUNDS)
            ratio = paired_ratio(samples["candidate"], samples["last"])
        return Compared(self._stats(samples["candidate"]), self._stats(samples["last"]), ratio)

    def each(self, paths: Mapping[str, Path]) -> dict[str, Timed]:
        """The final figures of files, by name."""
        if self._model is not None:
            return {name: Timed(self._predicted(self._model, p)) for name, p in paths.items()}
        samples = self._samples(paths, FINAL_ROUNDS)
        return {name: Timed(self._stats(ms), tuple(ms.tolist())) for name, ms in samples.items()}

    def _predicted(self, model: LatencyModel, path: Path) -> PredictedLatency:
        prediction = model.predict(path)
        self.guessed.update(prediction.unknown)
        table = model.table
        return PredictedLatency(
            ms=prediction.ms, threads=table.threads, provider=table.provider, device=table.device
        )

    def _stats(self, samples_ms: NDArray[np.float64]) -> Latency:
        return latency_stats(samples_ms, threads=self._target.threads, provider=self.provider)

    def _samples(self, paths: Mapping[str, Path], rounds: int) -> dict[str, NDArray[np.float64]]:
        return sample_latency(
            paths,
            threads=self._target.threads,
            rounds=rounds,
            seconds=MOST_SECONDS,
            provider=self.provider,
        )
