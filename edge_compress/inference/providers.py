"""Providers in order of preference: the first that comes up runs the bundle, until it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import Variant
from edge_compress.inference.choose import named, ranked
from edge_compress.inference.first_run import first_run
from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.parity_sample import SampleError
from edge_compress.inference.sealed_file import SealedFile
from edge_compress.inference.session import ModelError, ProviderError, Session, check_input
from edge_compress.inference.sessions import open_session
from edge_compress.inference.tensorrt.build_status import OnBuild
from edge_compress.inference.watchdog import WatchedSession, within

# In flight nobody waits for an engine to be built, or for a driver that hangs.
_REPLACE_S = 30.0


@dataclass(frozen=True)
class Opened:
    """A variant that runs.

    Attributes:
        session: warmed up, and seen to see what it should.
        variant: what it runs.
        batch: how many frames at a time it runs.
    """

    session: Session
    variant: Variant
    batch: int


class ProviderChain:
    """Opens a bundle on one provider after the other.

    Attributes:
        left: the providers that were not tried yet.
        failed: why each provider that was tried is not in use, as ``provider: reason``.
    """

    def __init__(
        self,
        bundle: Bundle,
        providers: Sequence[str],
        *,
        threads: int = 0,
        variant: str = "auto",
        options: RuntimeOptions | None = None,
        on_build: OnBuild | None = None,
        watchdog_s: float = 0.0,
        batch: int = 1,
    ) -> None:
        """Get ready; nothing is opened yet.

        Args:
            bundle: an opened bundle.
            providers: in order of preference.
            threads: within one operator; 0 leaves it to the runtime.
            variant: a model file of the bundle, or ``auto`` for the fastest one that fits.
            options: of all runtimes.
            on_build: told how far the build of a TensorRT engine is; returns False to cancel it.
            watchdog_s: a run that takes longer has hung; 0 waits for ever.
            batch: how many frames at a time are wanted.
        """
        self.left = list(providers)
        self.failed: list[str] = []
        self._bundle = bundle
        self._threads = threads
        self._variant = variant
        self._options = options or RuntimeOptions()
        self._on_build = on_build
        self._watchdog_s = watchdog_s
        self._batch = batch

    def open_next(self, instead_of: Variant | None = None) -> Opened:
        """Open the bundle on the next provider that comes up.

        Args:
            instead_of: what ran until now; only the same model replaces it, since the frame in
                work is made ready for its input. With a watchdog each provider but the last then
                has 30 s to come up.

        Raises:
            ProviderError: none is left, with the reason for each.
            VariantError: the bundle has no such variant.
        """
        while self.left:
            provider = self.left.pop(0)
            try:
                if instead_of is None or not self._watchdog_s or not self.left:
                    return self._open(provider, instead_of)
                return within(
                    _REPLACE_S,
                    partial(self._open, provider, instead_of),
                    late=lambda opened: opened.session.close(),
                )
            except (ModelError, ProviderError) as error:
                self.failed.append(f"{provider}: {error}")
        reasons = "; ".join(self.failed) or "none was asked for"
        raise ProviderError(f"{self._bundle.path}: no provider can run it: {reasons}")

    def _open(self, provider: str, instead_of: Variant | None) -> Opened:
        """Of the variants that fit, the fastest that passes the sample."""
        *rest, last = self._variants(provider, instead_of)
        for variant in rest:
            try:
                return self._try(provider, variant)
            except SampleError as error:
                self.failed.append(f"{provider}: {variant.file}: {error}")
        return self._try(provider, last)

    def _variants(self, provider: str, instead_of: Variant | None) -> list[Variant]:
        if self._variant != "auto":
            return [named(self._bundle, self._variant)]
        return ranked(
            self._bundle,
            provider,
            rung=instead_of.rung if instead_of is not None else None,
            threads=self._threads,
            options=self._options,
            on_build=self._on_build,
        )

    def _try(self, provider: str, variant: Variant) -> Opened:
        spec = self._bundle.manifest.input_of(variant)
        session = open_session(
            SealedFile(self._bundle, variant),
            provider,
            threads=self._threads,
            options=self._options.for_size(spec.height, spec.width),
            on_build=self._on_build,
        )
        if self._watchdog_s > 0:
            session = WatchedSession(session, self._watchdog_s)
        try:
            check_input(session, spec)
            batch = first_run(session, self._bundle, variant, self._batch)
        except BaseException:
            session.close()
            raise
        return Opened(session, variant, batch)
