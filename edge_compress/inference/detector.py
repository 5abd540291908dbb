"""From a frame to detections, on whatever this machine has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import Head, InputSpec, Variant
from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.providers import ProviderChain
from edge_compress.inference.session import ModelError, ProviderError, Session
from edge_compress.inference.tensorrt.build_status import OnBuild
from edge_compress.vision import heads
from edge_compress.vision.detections import Detections
from edge_compress.vision.letterbox import Geometry
from edge_compress.vision.preprocess import preprocess
from edge_compress.vision.thresholds import Thresholds

DEFAULT_PROVIDERS = ("tensorrt", "cuda", "cpu")


class Detector:
    """A model with its input and head: ``detect`` is postprocess(infer(preprocess)).

    Attributes:
        input: how a frame becomes the network's input.
        head: how the outputs become boxes.
        labels: the name of each class.
        thresholds: what is kept; may be set between two frames.
        variant: the bundle's model file in use; None for a detector made from a bare session.
    """

    def __init__(
        self,
        session: Session,
        input: InputSpec,
        head: Head,
        labels: Sequence[str],
        thresholds: Thresholds | None = None,
    ) -> None:
        """Put a detector around an open session.

        Raises:
            ModelError: the session's input is of another size than `input` says.
        """
        _check_input(session.input_shape, input)
        self._session = session
        self.input = input
        self.head = head
        self.labels = tuple(labels)
        self.thresholds = thresholds or Thresholds()
        self.variant: Variant | None = None
        self._chain: ProviderChain | None = None

    @classmethod
    def open(
        cls,
        bundle: Path | str | Bundle,
        *,
        providers: Sequence[str] = DEFAULT_PROVIDERS,
        threads: int = 0,
        variant: str = "auto",
        thresholds: Thresholds | None = None,
        options: RuntimeOptions | None = None,
        on_build: OnBuild | None = None,
    ) -> Detector:
        """Open a bundle on the first provider that comes up.

        Args:
            bundle: the folder, or an opened bundle.
            providers: in order of preference.
            threads: within one operator; 0 leaves it to the runtime.
            variant: a model file of the bundle, or ``auto`` for the fastest one that fits.
            thresholds: what is kept.
            options: how each runtime is to run it.
            on_build: told about once a second, in this thread, how far the build of a TensorRT
                engine is, which may take many minutes; returns False to cancel it.

        Raises:
            BundleError: the bundle does not verify.
            ProviderError: no provider came up, with the reason for each.
            VariantError: no such variant.
        """
        if not isinstance(bundle, Bundle):
            bundle = Bundle.open(bundle)
        manifest = bundle.manifest
        chain = ProviderChain(
            bundle,
            providers,
            threads=threads,
            variant=variant,
            options=options,
            on_build=on_build,
        )
        session, chosen = chain.open_next()
        detector = cls(session, manifest.input, manifest.head, manifest.labels, thresholds)
        detector.variant = chosen
        detector._chain = chain
        return detector

    @property
    def provider(self) -> str:
        """The provider in use: ``cpu``, ``cuda`` or ``tensorrt``."""
        return self._session.provider

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """Why each provider that was preferred to the one in use is not; may grow while it runs."""
        return tuple(self._chain.failed) if self._chain is not None else ()

    def preprocess(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], Geometry]:
        """Return the network's input [1, 3, h, w] for a BGR uint8 frame, and the way back.

        Raises:
            ImageError: `image` is not a uint8 [height, width, 3] image.
        """
        return preprocess(image, self.input)

    def infer(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Run the model; when its provider fails, on the next one that comes up.

        Raises:
            ProviderError: the runtime failed and no provider is left.
        """
        while True:
            try:
                return self._session.run(tensor)
            except ProviderError as error:
                # The last one is kept: its failure may pass, and there is nothing better.
                if self._chain is None or not self._chain.left:
                    raise
                self._chain.failed.append(f"{self.provider}: {error}")
                failed = self._session
                self._session, self.variant = self._chain.open_next()
                failed.close()

    def postprocess(self, outputs: Sequence[NDArray[Any]], geometry: Geometry) -> Detections:
        """Read the model's outputs as detections in source pixels, best first.

        Raises:
            ModelOutputError: the outputs do not fit the head, or are not finite.
        """
        boxes, scores, class_ids = heads.decode(
            outputs, self.head, self._session.output_names, self.input, self.thresholds
        )
        boxes = geometry.to_source(boxes)
        # A box that lay wholly in the padding has no area left in the source image.
        seen = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        if not seen.all():
            boxes, scores, class_ids = boxes[seen], scores[seen], class_ids[seen]
        return Detections(boxes, scores, class_ids, self.labels)

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Detect in one BGR uint8 [height, width, 3] frame.

        Raises:
            ImageError: not such a frame.
            ProviderError: the runtime failed.
            ModelOutputError: the outputs do not fit the head, or are not finite.
        """
        tensor, geometry = self.preprocess(image)
        return self.postprocess(self.infer(tensor), geometry)

    def warm_up(self, runs: int = 3) -> None:
        """Run a few empty frames, so that the first real one is not the slow one."""
        blank = np.full((self.input.height, self.input.width, 3), self.input.pad_value, np.uint8)
        for _ in range(runs):
            self.detect(blank)

    def close(self) -> None:
        """Free the model; the detector cannot detect any more."""
        self._chain = None
        self._session.close()


def _check_input(shape: tuple[int | None, ...], spec: InputSpec) -> None:
    wanted = (1, 3, spec.height, spec.width)
    if any(has not in (None, want) for has, want in zip(shape, wanted, strict=True)):
        raise ModelError(f"the model's input is {list(shape)}, the bundle says {list(wanted)}")
