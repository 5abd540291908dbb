"""A model's latency on the target: measured here in turns with the original, or predicted."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import Profile
from edge_compress.compress.energy import check_energy
from edge_compress.compress.exported import Exported
from edge_compress.compress.latency_model.of_target import latency_model
from edge_compress.compress.target import Target
from edge_compress.compress.timing import UNSURE, paired_ratio, provider_for
from edge_compress.inference.latency import sample_latency

ROUNDS = 40
LONGER = 4  # times as long
SECONDS = 30.0  # of one comparison: large models get fewer rounds


@dataclass(frozen=True)
class Latency:
    """What one model takes for one frame.

    Attributes:
        ms: p50 of bare inference, in milliseconds. Where it was measured, this is the original's
            latency times `ratio`, which other load on this machine moves far less.
        ratio: by the original's; below 1 is faster.
        predicted: whether it comes from a device table and not from a clock.
    """

    ms: float
    ratio: float
    predicted: bool


class LatencyMeter:
    """Tells the latency of many models against one original, for one target.

    Attributes:
        original_ms: p50 of the original, in milliseconds: what all figures are given by.
        predicted: whether figures come from the target's device table.
    """

    def __init__(self, original: Path, target: Target, *, original_ms: float | None = None) -> None:
        """Measure or predict the original.

        Args:
            original: the .onnx file that is to be beaten.
            target: its threads, profile and device are used.
            original_ms: what another process of the same search has measured on this machine, so
                that all workers give figures on one scale; None measures it here. Not used with a
                device table.

        Raises:
            DeviceTableError: the target's device table cannot be used.
            ModelError: the file cannot be loaded.
        """
        self._original = original
        self._target = target
        self._model = latency_model(target)
        self.predicted = self._model is not None
        if self._model is not None:
            original_ms = self._model.predict(original).ms
        elif original_ms is None:
            original_ms = float(
                np.median(self._samples({"original": original}, ROUNDS)["original"])
            )
        self.original_ms = original_ms

    def of(self, model: Path) -> Latency:
        """The latency of an .onnx file; about a second for a measured one of 10 ms.

        Raises:
            ModelError: the file cannot be loaded.
            ProviderError: the provider did not come up.
        """
        if self._model is not None:
            ms = self._model.predict(model).ms
            return Latency(ms=ms, ratio=ms / self.original_ms, predicted=True)
        paths = {"model": model, "original": self._original}
        samples = self._samples(paths, ROUNDS)
        ratio = paired_ratio(samples["model"], samples["original"])
        if UNSURE[0] <= ratio <= UNSURE[1]:
            samples = self._samples(paths, ROUNDS * LONGER)
            ratio = paired_ratio(samples["model"], samples["original"])
        return Latency(ms=self.original_ms * ratio, ratio=ratio, predicted=False)

    def _samples(self, paths: dict[str, Path], rounds: int) -> dict[str, NDArray[np.float64]]:
        return sample_latency(
            paths,
            threads=self._target.threads,
            rounds=rounds,
            seconds=SECONDS * rounds / ROUNDS,
            provider=provider_for(self._target),
        )


def check_target(target: Target) -> None:
    """See before any long work whether the target's latency and energy can be told here.

    Raises:
        DeviceTableError: its device table cannot be used.
        EnergyError: an energy is asked for, and this machine has no power meter that can be read.
    """
    latency_model(target)
    if target.budget.energy_mj is not None:
        check_energy(target)


def timed_file(exported: Exported, target: Target) -> Path:
    """Which of a candidate's files `LatencyMeter.of` is to be asked about.

    It is the one that the target would run; INT8 for TensorRT says nothing on a CPU, so that
    without the target's runtime it is the float one.
    """
    return exported.files[timed_profile(exported.files, target)]


def timed_profile(profiles: Container[Profile], target: Target) -> Profile:
    """The same for the profiles that there are files of."""
    here = target.profile == "ort-cpu" or provider_for(target) != "cpu"
    return target.profile if here and target.profile in profiles else "fp32"
