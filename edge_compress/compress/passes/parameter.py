from edge_compress.compress.parameter import tunable  # noqa: D100, F401
