"""`python -m edge_compress.assets [NAME...]`: fetch assets (all of them without a name)."""

from __future__ import annotations

import argparse
import sys

from edge_compress.assets import ASSETS, AssetError, fetch


def main(arguments: list[str] | None = None) -> int:
    """Fetch what is named, print each path; 2 when something cannot be had."""
    parser = argparse.ArgumentParser(
        prog="python -m edge_compress.assets",
        description="Fetch models, footage and data sets into the cache.",
        epilog="\n".join(f"{asset.name:30} {asset.about}" for asset in ASSETS.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help="what to fetch (default: everything)")
    names = parser.parse_args(arguments).name or list(ASSETS)
    failed = False
    for name in names:
        try:
            print(fetch(name), flush=True)
        except AssetError as error:
            print(error, file=sys.stderr)
            failed = True
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
