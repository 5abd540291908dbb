"""A storage that cannot be used says why; a journal survives what a kill or a full disk leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from edge_compress.compress.progress import Silent
from edge_compress.compress.search import storage as storages
from edge_compress.compress.search.journal import KernelLock, open_journal
from edge_compress.compress.search.storage import StudyError, open_storage, patiently, shown
from edge_compress.compress.search.study import stored_config
from edge_compress.compress.search.trial import Outcome
from edge_compress.compress.search.worker import work


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://a:b@c/d", "mysql://a:***@c/d: a search lies in a journal file or in PostgreSQL"),
        ("postgresql://a:b@c", "names no database"),
        ("postgresql://c/d", "names no username"),
        ("postgresql://a:b@c:x/d", "not a URL such as postgresql://user:password@host"),
        ("postgresql://a:secret@127.0.0.1:1/d", "cannot be used: .*onnection refused.*; see that"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_without_its_password(url, message):
    with pytest.raises(StudyError, match=message.replace("*", r"\*").replace(r".\*", ".*")) as told:
        open_storage(url)
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_missing_driver_is_named_with_how_to_install_it(monkeypatch):
    monkeypatch.setattr(storages.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StudyError, match=r"pip install 'edge_compress\[postgresql\]'"):
        open_storage("postgresql://a:b@c/d")


def test_wrong_passwords_and_databases_are_told_in_the_servers_words(postgresql):
    with pytest.raises(StudyError, match="password authentication failed"):
        open_storage(postgresql.replace("s3cret", "wrong"))
    with pytest.raises(StudyError, match='database "elsewhere" does not exist'):
        open_storage(postgresql.rpartition("/")[0] + "/elsewhere")


def test_a_study_in_a_database(postgresql, make_study):
    study = make_study(storage=postgresql, config_text="mine")
    run(study)
    assert [row.objectives for row in study.trials()] == [(0.5, None)] * 3
    assert {row.state for row in study.trials()} == {"infeasible"}
    assert stored_config(postgresql) == ("s", "mine")
    assert "s3cret" not in study.where


@pytest.mark.parametrize("content", ["no journal\n", '{"a": 1}\n', "[]\n", '{"op_code": 0}\n'])
def test_a_file_that_is_no_journal_is_refused(tmp_path, content):
    (tmp_path / "a").write_text(content)
    with pytest.raises(StudyError, match="no journal of a search, or a damaged one"):
        open_storage(tmp_path / "a")
    assert (tmp_path / "a").read_text() == content


def test_a_folder_is_no_journal(tmp_path):
    with pytest.raises(StudyError, match="cannot be used as a journal: Is a directory"):
        open_storage(tmp_path)


def test_a_worker_does_not_make_a_new_journal(tmp_path):
    with pytest.raises(StudyError, match="no such journal"):
        open_storage(tmp_path / "a", must_exist=True)
    assert not list(tmp_path.iterdir())


def test_half_a_line_is_cut_off(make_study, tmp_path):
    journal = tmp_path / "a.journal"
    run(make_study())
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code":5,"wor')
    study = make_study()
    assert b"wor{" not in journal.read_bytes()
    assert journal.read_bytes().startswith(whole)
    assert len(study.trials()) == 3


def test_a_full_disk_does_no_harm_to_other_workers(make_study, tmp_path):
    one, other = make_study(), make_study()
    with (tmp_path / "a.journal").open("ab") as file:
        file.write(b'{"op_code":5,"wor')  # that far one came, before there was no room
    one.remember("a", 1)
    assert other.remembered("a") == 1


def test_a_relative_path_serves_too(make_study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    run(make_study(storage="in/a.journal"))
    assert len(make_study(storage=tmp_path / "in/a.journal").trials()) == 3


@pytest.mark.slow
def test_a_lock_is_free_when_its_process_was_killed(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; "
        "from edge_compress.compress.search.journal import KernelLock; "
        "KernelLock(Path(sys.argv[1])).acquire(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    journal = tmp_path / "a.journal"
    subprocess.run([sys.executable, "-c", code, journal], check=False)
    lock = KernelLock(journal)
    assert lock.acquire()  # the test's time-out would tell
    lock.release()
    assert open_journal(journal).get_all_studies() == []


def test_what_fails_once_is_done_again(monkeypatch):
    monkeypatch.setattr(storages, "PAUSES", (0.0, 0.0))
    faults = [OperationalError("", None, OSError("gone")), OSError("gone")]

    def call():
        if faults:
            raise faults.pop()
        return 7

    assert patiently(call, "a") == 7


def test_what_fails_for_long_is_told(monkeypatch):
    monkeypatch.setattr(storages, "PAUSES", (0.0,))

    def call():
        raise OSError("No space left on device")

    with pytest.raises(StudyError, match="a: cannot be reached any more: No space left .* go on"):
        patiently(call, "a")


def test_a_file_is_shown_as_it_was_given():
    assert shown("in/a.journal") == "in/a.journal"


def run(study):
    outcome = Outcome([0.5, None], {"latency": 1.0})
    work(study, lambda trial: outcome, trials=3, minutes=None, progress=Silent())
