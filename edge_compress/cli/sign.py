"""`edge_compress sign`: a signature, so that a robot takes only the bundles of whom it trusts."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from edge_compress.cli.arguments import ArgumentError, SubParsers

PASSPHRASE = "EDGE_COMPRESS_KEY_PASSPHRASE"

_EPILOG = f"""\
Make a pair of keys once. The private one stays where bundles are made; the public one goes to each
robot, as the detector's parameter `trusted_keys`. A bundle may be signed by several keys; each
stays valid until the bundle is made anew. Keys of OpenSSL do as well:
  openssl genpkey -algorithm ed25519 -aes-256-cbc -out release.pem
  openssl pkey -in release.pem -pubout -out release.pub.pem
The passphrase is asked for, or comes from the environment variable
{PASSPHRASE}.

examples:
  edge_compress sign --new-key release.pem               writes release.pem and release.pub.pem
  edge_compress sign small.bundle --key release.pem
  edge_compress inspect small.bundle --trusted-key release.pub.pem
"""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "sign",
        help="sign a bundle with a key that robots trust, or make such a key",
        description="Sign a bundle with an Ed25519 key.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, nargs="?", metavar="BUNDLE")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument(
        "--key", type=Path, metavar="PRIVATE.pem", help="Ed25519 key in PEM (PKCS8) to sign with"
    )
    key.add_argument(
        "--new-key",
        type=Path,
        metavar="PRIVATE.pem",
        help="write a new key there, and its public key beside it as PRIVATE.pub.pem",
    )


def run(args: argparse.Namespace) -> int:
    """Sign, or make a pair of keys.

    Raises:
        ArgumentError: a bundle is missing, or is one too many; or nobody can be asked for the
            passphrase.
        BundleError: the bundle does not verify, or cannot be written.
        SigningKeyError: the key cannot be used.
    """
    if args.new_key is not None:
        if args.bundle is not None:
            raise ArgumentError("--new-key makes a key and signs nothing; sign with --key after it")
        return _make_key(args.new_key)
    if args.bundle is None:
        raise ArgumentError("name the bundle to sign: edge_compress sign BUNDLE --key PRIVATE.pem")
    return _sign(args.bundle, args.key)


def _sign(bundle: Path, path: Path) -> int:
    from edge_compress.bundle.keys import load_private_key
    from edge_compress.bundle.signing import sign

    key = load_private_key(path, lambda: _passphrase(f"Passphrase of {path}: "))
    signed = sign(bundle, key)
    print(f"{bundle}: signed by {key.id}")
    others = len(signed.signatures) - 1
    if others:
        print(f"it has {others} other signature{'s' * (others > 1)}, too")
    return 0


def _make_key(path: Path) -> int:
    from edge_compress.bundle.new_key import new_key

    secret = _passphrase(f"New passphrase for {path} (empty for none): ", twice=True)
    public, key_id = new_key(path, secret)
    print(f"{path}: the private key{'' if secret else ', with no passphrase'}; give it to nobody")
    print(f"{public}: the public key, for the robots' parameter trusted_keys")
    print(f"its id is {key_id}")
    return 0


def _passphrase(prompt: str, *, twice: bool = False) -> bytes:
    given = os.environ.get(PASSPHRASE)
    if given is not None:
        return given.encode()
    if not sys.stdin.isatty():
        raise ArgumentError(
            f"there is no terminal to ask for the passphrase: set {PASSPHRASE} (empty for none)"
        )
    secret = getpass.getpass(prompt)
    if twice and secret and getpass.getpass("Again: ") != secret:
        raise ArgumentError("the two passphrases differ; no key was made")
    return secret.encode()
