"""Low-rank factorization: one layer becomes two or three thin ones in a row."""
