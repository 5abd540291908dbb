"""Providers in order of preference: the first that comes up runs the bundle, until it fails."""

from __future__ import annotations

from collections.abc import Sequence

from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import Variant
from edge_compress.inference.choose import choose
from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.session import ModelError, ProviderError, Session
from edge_compress.inference.sessions import open_session
from edge_compress.inference.tensorrt.build_status import OnBuild


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
    ) -> None:
        """Get ready; nothing is opened yet.

        Args:
            bundle: an opened bundle.
            providers: in order of preference.
            threads: within one operator; 0 leaves it to the runtime.
            variant: a model file of the bundle, or ``auto`` for the fastest one that fits.
            options: of all runtimes.
            on_build: told how far the build of a TensorRT engine is; returns False to cancel it.
        """
        self.failed: list[str] = []
        self._bundle = bundle
        self.left = list(providers)
        self._threads = threads
        self._variant = variant
        size = bundle.manifest.input
        self._options = (options or RuntimeOptions()).for_size(size.height, size.width)
        self._on_build = on_build

    def open_next(self) -> tuple[Session, Variant]:
        """Open the bundle on the next provider that comes up.

        Raises:
            ProviderError: none is left, with the reason for each.
            VariantError: the bundle has no such variant.
        """
        while self.left:
            provider = self.left.pop(0)
            try:
                return self._open(provider)
            except (ModelError, ProviderError) as error:
                self.failed.append(f"{provider}: {error}")
        reasons = "; ".join(self.failed) or "none was asked for"
        raise ProviderError(f"{self._bundle.path}: no provider can run it: {reasons}")

    def _open(self, provider: str) -> tuple[Session, Variant]:
        variant = choose(
            self._bundle,
            provider,
            threads=self._threads,
            variant=self._variant,
            options=self._options,
            on_build=self._on_build,
        )
        session = open_session(
            self._bundle.file(variant),
            provider,
            threads=self._threads,
            options=self._options,
            on_build=self._on_build,
        )
        return session, variant
