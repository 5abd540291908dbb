"""The detector node under load, faults and beside its peers, for docs/runtime.md."""
