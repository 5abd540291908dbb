"""How a bundle is opened for a node, from its parameters to a detector that is warm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
        detector = self._detector(bundle, self.variant, on_build)
        provider = detector.provider
        steps: tuple[str, ...] = ()
        if self.steps:
            steps = self.find_steps(bundle, provider, on_build)
            if detector.variant is not None and detector.variant.file != steps[0]:
                detector.close()
                detector = self._detector(bundle, steps[0], on_build, instead_of=detector)
        return Loaded(self, _warm(detector), provider, steps, signers=bundle.signers)

    def open_instead_of(
        self, detector: Detector, bundle: Bundle, variant: str, on_build: OnBuild | None = None
    ) -> Detector:
        """Open another variant of what runs, and warm it up; not on a provider that has failed.

        Raises:
            EdgeCompressError: it cannot be opened; the message says why.
        """
        return _warm(self._detector(bundle, variant, on_build, instead_of=detector))

    def find_steps(
        self, bundle: Bundle, provider: str, on_build: OnBuild | None = None
    ) -> tuple[str, ...]:
        """Find the variants for a provider, from the most accurate to the fastest.

        Raises:
            EdgeCompressError: one of them cannot be measured.
        """
        variants = ladder(
            bundle, provider, threads=self.threads, options=self.options, on_build=on_build
        )
        return tuple(variant.file for variant in variants)

    def _detector(
        self,
        bundle: Bundle,
        variant: str,
        on_build: OnBuild | None,
        instead_of: Detector | None = None,
    ) -> Detector:
        providers = self.providers
        passed_over: tuple[str, ...] = ()
        if instead_of is not None:
            # One that has failed before may hang now, and for good.
            providers = providers[providers.index(instead_of.provider) :]
            passed_over = instead_of.fallbacks
        return Detector.open(
            bundle,
            providers=providers,
            threads=self.threads,
            variant=variant,
            options=self.options,
            on_build=on_build,
            watchdog_s=self.watchdog_s,
            batch=self.batch,
            passed_over=passed_over,
        )


def _warm(detector: Detector) -> Detector:
    # The sample has run once: this is for what a runtime only does from its second run on.
    detector.warm_up(1)
    return detector


@dataclass(frozen=True)
class Loaded:
    """An open bundle, ready for its first frame.

    Attributes:
        opening: how it was opened.
        detector: the model, warmed up.
        provider: for which `steps` were found; the detector's own may have changed since.
        steps: the bundle's variants from the most accurate to the fastest; empty when the node is
            not to step down.
        step: which of them is open.
        signers: ids of the trusted keys that signed the bundle; none where none was asked for.
    """

    opening: Opening
    detector: Detector
    provider: str
    steps: tuple[str, ...]
    step: int = 0
    signers: tuple[str, ...] = ()

    def open_step(self, step: int, on_build: OnBuild | None = None) -> Loaded:
        """Open another variant of the same bundle.

        When another provider has taken over since the steps were found, they are found anew; then
        what is opened is the fastest of them on the way down.

        Raises:
            EdgeCompressError: it cannot be opened; the message says why.
        """
        bundle = Bundle.open(self.opening.bundle, self.opening.trusted_keys)
        provider, steps = self.detector.provider, self.steps
        if provider != self.provider:
            steps = self.opening.find_steps(bundle, provider, on_build)
            last = len(steps) - 1
            step = last if step > self.step else min(step, last)
        detector = self.opening.open_instead_of(self.detector, bundle, steps[step], on_build)
        return Loaded(self.opening, detector, provider, steps, step, bundle.signers)
