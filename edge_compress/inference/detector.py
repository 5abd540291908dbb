"""From a frame to detections, on whatever this machine has."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import Head, InputSpec, Variant
from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.providers import ProviderChain
from edge_compress.inference.session import ProviderError, Session, check_input
from edge_compress.inference.tensorrt.build_status import OnBuild
from edge_compress.inference.watchdog import WatchedSession
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
        max_batch: so many frames are run at a time; more are run one after the other.
        switches: how often a provider that failed while it ran was replaced.
        last_cpu_s: CPU seconds that the last run took of the thread that ran it.
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
        check_input(session, input)
        self._session = session
        self.input = input
        self.head = head
        self.labels = tuple(labels)
        self.thresholds = thresholds or Thresholds()
        self.variant: Variant | None = None
        self.max_batch = 1
        self.switches = 0
        self.last_cpu_s = 0.0
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
        watchdog_s: float = 0.0,
        batch: int = 1,
        passed_over: Sequence[str] = (),
    ) -> Detector:
        """Open a bundle on the first provider that comes up and sees what it should.

        That is what the bundle's parity sample says; a bundle of an older schema has none, and its
        model is only run once.

        Args:
            bundle: the folder, or an opened bundle.
            providers: in order of preference.
            threads: within one operator; 0 leaves it to the runtime.
            variant: a model file of the bundle, or ``auto`` for the fastest one that fits.
            thresholds: what is kept.
            options: how each runtime is to run it.
            on_build: told about once a second, in this thread, how far the build of a TensorRT
                engine is, which may take many minutes; returns False to cancel it.
            watchdog_s: a run that takes longer has hung, and its provider is replaced; 0 waits for
                ever.
            batch: how many frames will be given at a time; `max_batch` says what came of it.
            passed_over: why providers that are not among these are not in use, for `fallbacks`.

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
            watchdog_s=watchdog_s,
            batch=batch,
        )
        chain.failed.extend(passed_over)
        opened = chain.open_next()
        spec = manifest.input_of(opened.variant)
        detector = cls(opened.session, spec, manifest.head, manifest.labels, thresholds)
        detector.variant, detector.max_batch = opened.variant, opened.batch
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

        A provider fails that raises, hangs, or returns values that are not finite.

        Args:
            tensor: float32 [n, 3, height, width], what `preprocess` makes of n frames.

        Returns:
            The model's outputs, finite where the head reads them.

        Raises:
            ProviderError: the runtime failed or hung, and no provider is left.
            ModelOutputError: the outputs are of another number of frames; or they are not finite,
                and no provider is left.
        """
        while True:
            try:
                outputs = self._run(tensor)
                heads.check(outputs, self.head, self._session.output_names, len(tensor))
            except (ProviderError, heads.NotFiniteError) as error:
                # The last one is kept: its failure may pass, and there is nothing better.
                if self._chain is None or not self._chain.left:
                    raise
                self._replace(self._chain, error)
            else:
                return outputs

    def postprocess(
        self, outputs: Sequence[NDArray[Any]], geometry: Geometry, index: int = 0
    ) -> Detections:
        """Read one frame of what `infer` returned as detections in source pixels, best first.

        Args:
            outputs: of `infer`, which has checked that they are finite.
            geometry: of the frame.
            index: of the frame in the batch.

        Raises:
            ModelOutputError: the outputs do not fit the head.
        """
        if self.head.kind != "nms-in-graph":  # the one head without a batch
            outputs = [output[index : index + 1] for output in outputs]
        names = self._session.output_names
        boxes, scores, class_ids = heads.decode(
            outputs, self.head, names, self.input, self.thresholds, checked=True
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

    def _run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        session, self.last_cpu_s = self._session, 0.0
        if len(tensor) <= self.max_batch or self.head.kind == "nms-in-graph":
            parts = [tensor]
        else:
            parts = [tensor[i : i + 1] for i in range(len(tensor))]
        done = []
        for part in parts:
            start = time.thread_time()
            done.append(session.run(part))
            own = time.thread_time() - start
            self.last_cpu_s += session.cpu_s if isinstance(session, WatchedSession) else own
        if len(done) == 1:
            return done[0]
        return [np.concatenate(output) for output in zip(*done, strict=True)]

    def _replace(self, chain: ProviderChain, error: Exception) -> None:
        chain.failed.append(f"{self.provider}: {error}")
        failed = self._session
        opened = chain.open_next(instead_of=self.variant)
        self._session, self.variant, self.max_batch = opened.session, opened.variant, opened.batch
        self.switches += 1
        failed.close()
