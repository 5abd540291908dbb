"""Files of keys: what is none, or what others may use, is refused by name."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448

from edge_compress.bundle.errors import SigningKeyError
from edge_compress.bundle.keys import load_private_key, load_public_keys
from edge_compress.bundle.new_key import new_key


def secret():
    return b"secret"


@pytest.fixture
def pair(tmp_path):
    private = tmp_path / "release.pem"
    public, key_id = new_key(private, b"secret")
    return private, public, key_id


def test_a_new_pair_fits(pair):
    private, public, key_id = pair
    key = load_private_key(private, secret)
    (trusted,) = load_public_keys([public])
    assert key.id == trusted.id == key_id
    assert trusted.verifies(key.sign(b"message"), b"message")
    assert not trusted.verifies(key.sign(b"message"), b"another")
    assert not trusted.verifies(b"short", b"message")


def test_a_new_private_key_is_for_its_owner_only_and_encrypted(pair):
    private, public, _ = pair
    assert private.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in private.read_bytes()
    assert public.name == "release.pub.pem"
    assert b"PRIVATE" not in public.read_bytes()


def test_a_key_is_never_replaced(tmp_path, pair):
    private, _, _ = pair
    before = private.read_bytes()
    with pytest.raises(SigningKeyError, match=r"release\.pem: exists already"):
        new_key(private, b"")
    assert private.read_bytes() == before
    private.rename(tmp_path / "moved.pem")
    with pytest.raises(SigningKeyError, match=r"release\.pub\.pem: exists already"):
        new_key(private, b"")
    assert not private.exists()


def test_a_wrong_passphrase_is_told(pair):
    for wrong in (b"", b"wrong"):
        with pytest.raises(SigningKeyError, match="passphrase is wrong"):
            load_private_key(pair[0], lambda wrong=wrong: wrong)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o777])
def test_a_private_key_that_others_may_use_is_refused(pair, mode):
    private = pair[0]
    private.chmod(mode)
    with pytest.raises(SigningKeyError, match=f"{mode:04o}.*chmod 600"):
        load_private_key(private, secret)


def test_a_trusted_key_that_anybody_may_replace_is_refused(pair):
    public = pair[1]
    public.chmod(0o666)
    with pytest.raises(SigningKeyError, match="chmod o-w"):
        load_public_keys([public])


def test_keys_in_the_wrong_place_are_told_apart(pair):
    private, public, _ = pair
    with pytest.raises(SigningKeyError, match="is a private key, which belongs on no robot"):
        load_public_keys([private])
    public.chmod(0o600)
    with pytest.raises(SigningKeyError, match="is a public key"):
        load_private_key(public, secret)


@pytest.mark.parametrize(
    "other", [ec.generate_private_key(ec.SECP256R1()), ed448.Ed448PrivateKey.generate()]
)
def test_keys_of_another_kind_are_refused(tmp_path, other):
    private, public = tmp_path / "other.pem", tmp_path / "other.pub.pem"
    private.write_bytes(
        other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    private.chmod(0o600)
    public.write_bytes(
        other.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    with pytest.raises(SigningKeyError, match=r"other\.pem: is not an Ed25519 key.*--new-key"):
        load_private_key(private, secret)
    with pytest.raises(SigningKeyError, match=r"other\.pub\.pem: is not an Ed25519 key"):
        load_public_keys([public])


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff" * 100, b"x" * 100_000])
def test_what_is_no_key_is_refused(tmp_path, content):
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SigningKeyError, match=r"key\.pem: (is no|is too large)"):
        load_public_keys([path])
    with pytest.raises(SigningKeyError, match=r"key\.pem: (is no|is too large)"):
        load_private_key(path, secret)


def test_several_keys_in_one_file_are_refused(pair, tmp_path):
    other, _ = new_key(tmp_path / "other.pem", b"")
    both = tmp_path / "both.pem"
    both.write_bytes(pair[1].read_bytes() + other.read_bytes())
    with pytest.raises(SigningKeyError, match="has several keys"):
        load_public_keys([both])


def test_a_key_that_is_no_file_is_refused(tmp_path):
    with pytest.raises(SigningKeyError, match="no such file"):
        load_public_keys([tmp_path / "gone.pem"])
    with pytest.raises(SigningKeyError, match="is a directory"):
        load_public_keys([tmp_path])


def test_a_key_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(SigningKeyError, match="cannot be written: no such file"):
        new_key(tmp_path / "nowhere" / "a.pem", b"")
    assert list(tmp_path.iterdir()) == []
