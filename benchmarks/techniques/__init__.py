"""Every technique on real data: what `docs/results.md` says, measured."""
