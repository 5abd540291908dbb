"""`edge_compress sign`, and what `inspect` says of its result."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from edge_compress.bundle.reader import Bundle
from edge_compress.cli.main import main
from edge_compress.cli.sign import PASSPHRASE


@pytest.fixture
def new_key(tmp_path, monkeypatch, capsys):
    """Return a function that makes a pair of keys, and returns where they are and their id."""

    def make(name="release", passphrase=""):
        monkeypatch.setenv(PASSPHRASE, passphrase)
        private = tmp_path / f"{name}.pem"
        assert main(["sign", "--new-key", str(private)]) == 0
        said = capsys.readouterr().out
        monkeypatch.delenv(PASSPHRASE)
        return private, tmp_path / f"{name}.pub.pem", said.split()[-1]

    return make


def refused(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    return told.err


def test_a_bundle_is_signed_and_inspected(make_bundle, new_key, capsys):
    bundle = make_bundle()
    private, public, key_id = new_key()
    assert main(["inspect", str(bundle), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["signed_by"] == []
    assert main(["sign", str(bundle), "--key", str(private)]) == 0
    assert capsys.readouterr().out == f"{bundle}: signed by {key_id}\n"
    assert Bundle.open(bundle, [public]).signers == (key_id,)

    assert main(["inspect", str(bundle)]) == 0
    assert f"by {key_id[:16]}…: not verified: no trusted key" in capsys.readouterr().out
    assert main(["inspect", str(bundle), "--trusted-key", str(public)]) == 0
    assert f"by {key_id[:16]}…: verified" in capsys.readouterr().out
    assert main(["inspect", str(bundle), "--json", "--trusted-key", str(public)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["signed_by"] == told["signed_by_trusted"] == [key_id]


def test_inspect_refuses_what_no_trusted_key_signed(make_bundle, new_key, capsys):
    bundle = make_bundle()
    private, public, _ = new_key()
    assert "is not signed" in refused(capsys, "inspect", bundle, "--trusted-key", public)
    main(["sign", str(bundle), "--key", str(private)])
    capsys.readouterr()
    _, other, _ = new_key("other")
    assert "not trusted" in refused(capsys, "inspect", bundle, "--trusted-key", other)


def test_no_engine_is_built_of_what_no_trusted_key_signed(make_bundle, new_key, capsys):
    _, public, _ = new_key()
    said = refused(capsys, "build-engine", make_bundle(), "--trusted-key", public)
    assert "is not signed" in said


def test_a_second_signature_stands_beside_the_first(make_bundle, new_key, capsys):
    bundle = make_bundle()
    for name in ("one", "two"):
        assert main(["sign", str(bundle), "--key", str(new_key(name)[0])]) == 0
    assert "it has 1 other signature, too" in capsys.readouterr().out
    assert len(Bundle.open(bundle).signatures) == 2


def test_an_encrypted_key_takes_its_passphrase_from_the_environment(
    make_bundle, new_key, capsys, monkeypatch
):
    bundle = make_bundle()
    private, public, _ = new_key(passphrase="tr0ub4dor")
    monkeypatch.setenv(PASSPHRASE, "wrong")
    assert "passphrase is wrong" in refused(capsys, "sign", bundle, "--key", private)
    monkeypatch.setenv(PASSPHRASE, "tr0ub4dor")
    assert main(["sign", str(bundle), "--key", str(private)]) == 0
    assert Bundle.open(bundle, [public]).signers


def test_without_terminal_and_environment_it_says_what_to_set(new_key, make_bundle):
    private, _, _ = new_key(passphrase="secret")
    for arguments in (["--new-key", f"{private}2"], [str(make_bundle()), "--key", str(private)]):
        done = subprocess.run(
            [sys.executable, "-m", "edge_compress.cli.main", "sign", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert PASSPHRASE in done.stderr
        assert "Traceback" not in done.stderr


def test_on_a_terminal_the_passphrase_is_asked_for_twice(tmp_path):
    def make(*answers):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "edge_compress.cli.main", "sign", "--new-key", "key.pem"]
        process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=tmp_path,
            start_new_session=True,
        )
        os.close(theirs)
        said = b""
        for prompt, answer in zip((b"for none): ", b"Again: "), answers, strict=False):
            while prompt not in said:
                said += os.read(ours, 4096)
            os.write(ours, answer)
        code = process.wait(30)
        os.close(ours)
        return code

    assert make(b"one\n", b"two\n") == 2
    assert list(tmp_path.iterdir()) == []
    assert make(b"same\n", b"same\n") == 0
    assert b"ENCRYPTED" in (tmp_path / "key.pem").read_bytes()


@pytest.mark.parametrize("arguments", [["--new-key", "new.pem"], ["a.bundle", "--key", "k.pem"]])
def test_without_cryptography_it_says_what_to_install(tmp_path, arguments):
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from edge_compress.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "sign", *arguments],
        env={**os.environ, PASSPHRASE: ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "cryptography, which is not installed" in done.stderr
    assert "pip install 'edge_compress[runtime]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_key_that_others_can_read_is_refused(make_bundle, new_key, capsys):
    private, _, _ = new_key()
    private.chmod(0o644)
    bundle = make_bundle()
    assert "chmod 600" in refused(capsys, "sign", bundle, "--key", private)
    assert Bundle.open(bundle).signatures == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--key", "gone.pem"], "name the bundle to sign"),
        (["a.bundle", "--new-key", "new.pem"], "signs nothing"),
        (["a.bundle", "--key", "gone.pem"], "gone.pem: the key cannot be read: no such file"),
    ],
)
def test_wrong_arguments_are_one_message(capsys, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert said in refused(capsys, "sign", *arguments)
    assert list(tmp_path.iterdir()) == []
