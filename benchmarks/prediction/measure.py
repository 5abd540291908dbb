"""A device table of this machine and the latency of whole models, measured side by side."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.prediction.results import ModelRow, Results
from edge_compress.compress.latency_model.model import LatencyModel
from edge_compress.inference.device_table.measure import measure_table
from edge_compress.inference.device_table.table import DeviceTable, save_table
from edge_compress.inference.latency import random_input
from edge_compress.inference.onnxruntime_session import OrtSession

_EVERY_S = 8.0  # between two visits to the models
_RUNS = 4  # of each model in a visit; the first finds the caches full of others and is not counted


class Visits:
    """Times every model now and then, between two networks of the table.

    The machine warms up and has other things to do: what is compared is measured all along.
    """

    def __init__(self, files: dict[str, Path], threads: int) -> None:
        self._sessions = {name: OrtSession(path, threads=threads) for name, path in files.items()}
        self._inputs = {name: random_input(one, name) for name, one in self._sessions.items()}
        self.samples: dict[str, list[float]] = {name: [] for name in files}
        self._next = 0.0

    def __call__(self, share: float) -> None:
        """Time all models, if it is time."""
        if time.monotonic() < self._next:
            return
        for name, session in self._sessions.items():
            for run in range(_RUNS):
                start = time.perf_counter_ns()
                session.run(self._inputs[name])
                if run:
                    self.samples[name].append((time.perf_counter_ns() - start) / 1e6)
        self._next = time.monotonic() + _EVERY_S


def measure(
    models: dict[str, tuple[str, Path]], *, minutes: float, threads: int, table_path: Path
) -> Results:
    """Measure the table and the models, and predict these.

    Args:
        models: by name, the family and the .onnx file.
        minutes: for both together.
        threads: within one operator.
        table_path: where the table is kept.
    """
    visits = Visits({name: path for name, (_, path) in models.items()}, threads)
    table = measure_table(threads=threads, minutes=minutes, on_network=visits)
    save_table(table, table_path)
    return compare(models, table, {n: np.asarray(ms) for n, ms in visits.samples.items()}, minutes)


def compare(
    models: dict[str, tuple[str, Path]],
    table: DeviceTable,
    samples: dict[str, NDArray[np.float64]],
    minutes: float,
) -> Results:
    """Predict what was measured."""
    began = time.perf_counter()
    model = LatencyModel(table)
    learnt = time.perf_counter()
    rows = []
    for name, (family, path) in models.items():
        prediction = model.predict(path)
        rows.append(
            ModelRow(
                name=name,
                family=family,
                kernels=len(prediction.layers),
                measured_ms=float(np.median(samples[name])),
                least_ms=float(samples[name].min()),
                predicted_ms=prediction.ms,
                runs=len(samples[name]),
                unknown=prediction.unknown,
            )
        )
    return Results(
        device=table.device,
        threads=table.threads,
        minutes=minutes,
        networks=len(table.whole),
        table_rows=len(table.rows),
        libraries=table.libraries,
        learn_seconds=learnt - began,
        predict_seconds=(time.perf_counter() - learnt) / len(rows),
        models=tuple(rows),
    )
