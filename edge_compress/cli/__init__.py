"""The `edge_compress` command, one subcommand a file."""
