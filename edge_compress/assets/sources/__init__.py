"""The kinds of places that an asset can come from, one a file."""
