"""A provider that this machine does not have: ONNX Runtime's CPU under its name, with a fault."""

from __future__ import annotations

import threading
import time

import numpy as np

from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.session import ProviderError


class FakeProvider:
    """A session on "cuda"; its runs may be made to fail.

    Attributes:
        fault: what the next run does: "" runs, "raise" raises, "hang" waits for `release`, "nan"
            spoils one value, "zeros" loses everything, "shift" moves all boxes by a cell.
        largest: batch that it takes.
        runs: how many there were.
        closed: whether it was.
        release: lets a run that hangs go on.
        threads: the names of the threads that ran and closed it.
    """

    provider = "cuda"

    def __init__(self, model, fault="", largest=64):
        self._session = OrtSession(model, threads=1)
        self.input_name = self._session.input_name
        self.input_shape = self._session.input_shape
        self.output_names = self._session.output_names
        self.fault = fault
        self.largest = largest
        self.runs = 0
        self.closed = False
        self.release = threading.Event()
        self.threads = []

    def run(self, tensor):
        self.runs += 1
        self.threads.append(threading.current_thread().name)
        if len(tensor) > self.largest:
            raise ProviderError("no memory for so many frames")
        if self.fault == "raise":
            raise ProviderError("the GPU has fallen off the bus")
        if self.fault == "hang":
            self.release.wait()
        outputs = self._session.run(tensor)
        if self.fault == "nan":
            outputs[0][0, 3, 2] = np.nan
        if self.fault == "zeros":
            outputs = [np.zeros_like(output) for output in outputs]
        if self.fault == "shift":
            outputs[0][..., 0] += 1
        return outputs

    def close(self):
        self.threads.append(threading.current_thread().name)
        self._session.close()
        self.closed = True


def until(condition):
    """Wait until something is so."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
