"""How a bundle is opened for a node, from its parameters to a detector that is warm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from edge_compress.bundle.reader import Bundle
from edge_compress.errors import EdgeCompressError
from edge_compress.inference.detector import Detector
from edge_compress.inference.ladder import ladder
from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.tensorrt.build_status import OnBuild
from edge_compress.nodes.runtime_options import runtime_options


class LoadError(EdgeCompressError):
    """A bundle cannot be taken."""


@dataclass(frozen=True)
class Opening:
    """Which bundle is to be opened, and how.

    Attributes:
        bundle: its folder.
        providers: in order of preference.
        threads: of one inference; 0 leaves it to the runtime.
        variant: a model file of the bundle, or ``auto``.
        watchdog_s: an inference that takes longer has hung; 0 for no limit.
        batch: frames that may come at a time.
        steps: also find the variants to step down to, and begin with the most accurate one.
        options: of all runtimes.
        trusted_keys: files of public keys, one of which must have signed the bundle; none for any
            bundle.
    """

    bundle: str
    providers: tuple[str, ...]
    threads: int
    variant: str
    watchdog_s: float
    batch: int
    steps: bool
    options: RuntimeOptions
    trusted_keys: tuple[str, ...] = ()

    @classmethod
    def of(cls, get: Callable[[str], Any]) -> Opening:
        """Read it from the node's parameters.

        Raises:
            LoadError: no bundle is given.
            ParameterError: options of a runtime do not go together.
        """
        bundle = get("bundle")
        if not bundle:
            raise LoadError("no bundle is given: set bundle:=FOLDER.bundle")
        return cls(
            bundle=bundle,
            providers=tuple(get("providers")),
            threads=get("threads"),
            variant=get("variant"),
            watchdog_s=float(get("watchdog_s")),
            batch=max(1, len(get("cameras"))),
            steps=get("step_down") and get("variant") == "auto",
            options=runtime_options(get),
            trusted_keys=tuple(get("trusted_keys")),
        )

    def open(self, on_build: OnBuild | None = None) -> Loaded:
        """Open the bundle on the first provider that comes up, and warm it up.

        Raises:
            EdgeCompressError: it cannot be opened; the message says why.
        """
        bundle = Bundle.open(self.bundle, self.trusted_keys)
        detector = self._detector(bundle, self.providers, self.variant, on_build)
        steps: tuple[str, ...] = ()
        if self.steps:
            variants = ladder(
                bundle,
                detector.provider,
                threads=self.threads,
                options=self.options,
                on_build=on_build,
            )
            steps = tuple(variant.file for variant in variants)
            if detector.variant is not None and detector.variant.file != steps[0]:
                # From here on, as if that had been asked for.
                left = self.providers[self.providers.index(detector.provider) :]
                detector.close()
                detector = self._detector(bundle, left, steps[0], on_build)
        # The sample has run once: this is for what a runtime only does from its second run on.
        detector.warm_up(1)
        return Loaded(self, detector, steps, signers=bundle.signers)

    def _detector(
        self, bundle: Bundle, providers: tuple[str, ...], variant: str, on_build: OnBuild | None
    ) -> Detector:
        return Detector.open(
            bundle,
            providers=providers,
            threads=self.threads,
            variant=variant,
            options=self.options,
            on_build=on_build,
            watchdog_s=self.watchdog_s,
            batch=self.batch,
        )


@dataclass(frozen=True)
class Loaded:
    """An open bundle, ready for its first frame.

    Attributes:
        opening: how it was opened.
        detector: the model, warmed up.
        steps: the bundle's variants from the most accurate to the fastest; empty when the node is
            not to step down.
        step: which of them is open.
        signers: ids of the trusted keys that signed the bundle; none where none was asked for.
    """

    opening: Opening
    detector: Detector
    steps: tuple[str, ...]
    step: int = 0
    signers: tuple[str, ...] = ()

    def open_step(self, step: int, on_build: OnBuild | None = None) -> Loaded:
        """Open another variant of the same bundle.

        Raises:
            EdgeCompressError: it cannot be opened; the message says why.
        """
        opening = replace(self.opening, variant=self.steps[step], steps=False)
        opened = opening.open(on_build)
        return Loaded(self.opening, opened.detector, self.steps, step, opened.signers)
