"""The frame by which a robot sees that its provider lets the model see what it saw here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import InputSpec, ParitySample, Profile, SampleObject
from edge_compress.compress.exported import Exported
from edge_compress.compress.measure import Bench
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.parity_sample import SURE, see
from edge_compress.vision.letterbox import place

SAMPLE = "sample.png"


@dataclass(frozen=True)
class MadeSample:
    """A parity sample for all files of a model.

    Attributes:
        png: the frame, as large as the network's input shows it.
        objects: what each file sees in it.
    """

    png: bytes
    objects: Mapping[Profile, tuple[SampleObject, ...]]

    def of(self, profile: Profile) -> ParitySample:
        """The sample as a variant of the bundle carries it."""
        return ParitySample(
            file=SAMPLE,
            sha256=hashlib.sha256(self.png).hexdigest(),
            objects=self.objects[profile],
        )


def make_sample(bench: Bench, last: Exported, deciding: Profile) -> MadeSample:
    """Take the held-out frame with most to see, and write down what each file sees in it.

    For a classifier that is the frame of whose class it is surest.

    Args:
        bench: has the held-out frames.
        last: the model and its files.
        deciding: the file by which the frame is chosen.
    """
    found = bench.found(last, last.files[deciding])
    if last.candidate.task == "classification":
        most = max(range(len(found)), key=lambda i: found[i].scores.max(initial=0.0))
    else:
        most = max(range(len(found)), key=lambda i: int((found[i].scores >= SURE).sum()))
    candidate = last.candidate
    image = _shrunk(bench.frames[most], candidate.input)
    objects = {}
    for profile, path in last.files.items():
        session = OrtSession(path, threads=1, providers=(bench.provider,))
        try:
            objects[profile] = see(session, candidate.input, candidate.head, image)
        finally:
            session.close()
    return MadeSample(cv2.imencode(".png", image)[1].tobytes(), objects)


def _shrunk(frame: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """The frame at the size that it has in the network's input, where it is larger."""
    region, _ = place(frame.shape[0], frame.shape[1], spec)
    if region.height * region.width >= frame.shape[0] * frame.shape[1]:
        return frame
    size = (region.width, region.height)
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR), np.uint8)
