"""A toy suite in processes of its own, on toys of asyncore and asynchat, without sockets."""

import os
import select
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.suites import running
from tests.suites.catalogue import Suite
from tests.suites.packages import Site
from tests.suites.results import Judgement, Verdict, judge

SUITE = Suite("toy", "toy", ("toy.asyncore",))
ASYNCORE = """
class dispatcher:
    def __init__(self): pass
    def handle_read_event(self): pass
    def recv(self): pass
    def send(self): pass
def loop(): pass
"""
ASYNCHAT = """
import asyncore
class async_chat(asyncore.dispatcher):
    def __init__(self): asyncore.dispatcher.__init__(self)
"""
TOY = """
import asyncore, asynchat, importlib.util, os, sys, time, unittest
class Tests(unittest.TestCase):
    def test_it(self):
        asynchat.async_chat()
        {}
"""
Play = Callable[[str], Judgement]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Return a function that judges a toy suite with one statement in it."""

    def run_both(statement: str) -> Judgement:
        top = tmp_path / "toy-1"
        top.mkdir()
        (top / "asyncore.py").write_text(ASYNCORE)
        (top / "asynchat.py").write_text(ASYNCHAT)
        (top / "toy.py").write_text(TOY.format(statement))
        with tarfile.open(tmp_path / "toy-1.tar.gz", "w:gz") as archive:
            archive.add(top, top.name)
        site = Site(Path(sys.executable), (), tmp_path / "toy-1.tar.gz")
        return judge(SUITE, *(running.run(SUITE, ours, site) for ours in (False, True)))

    return run_both


def test_a_toy_that_works_is_ok(play: Play) -> None:
    assert play("self.assertTrue(asyncore)") == Judgement(Verdict.OK)


def test_a_toy_that_sees_a_difference_fails(play: Play) -> None:
    judgement = play("assert not hasattr(asyncore, 'close_all')")
    assert judgement.verdict is Verdict.FAILED
    assert judgement.reasons == ("toy.Tests.test_it: passed with the originals, FAILED with ours",)


def test_a_toy_that_goes_on_with_its_own_copy_is_found_out(play: Play) -> None:
    load = "importlib.util.spec_from_file_location('old', 'asyncore.py')"
    judgement = play(f"s = {load}; self.__class__.m = s.loader.load_module()")
    assert "5 functions of the originals were in memory" in judgement.reasons


def test_a_toy_that_imports_another_is_found_out(play: Play) -> None:
    judgement = play("del sys.modules['asyncore']; import asyncore")
    assert "somebody looked for another asyncore" in judgement.reasons


def test_a_toy_that_crashes_fails(play: Play) -> None:
    [one, other] = play("os.abort()").reasons
    assert one == "with the originals: exit status -6, and no result"
    assert other == "with ours: exit status -6, and no result"


def test_a_toy_that_hangs_is_ended(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LIMIT", 0.7)
    reasons = play("time.sleep(60)").reasons  # by itself, having shown its stacks
    assert reasons[0] == "with the originals: exit status 1, and no result"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system has no pidfd")
def test_what_a_toy_leaves_running_is_ended(play: Play, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    start = "__import__('subprocess').Popen(['sleep', '60'])"
    play(f"open({str(pids)!r}, 'a').write('%d\\n' % {start}.pid)")
    assert len(pids.read_text().split()) == 2
    for pid in pids.read_text().split():
        assert ends(int(pid))


def ends(pid: int) -> bool:
    """Tell whether a process that was sent SIGKILL ends, be it a moment later."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 5.0)[0])
    finally:
        os.close(process)


def test_the_folder_of_a_run_is_gone_afterwards(play: Play, tmp_path: Path) -> None:
    where = tmp_path / "where"
    play(f"open({str(where)!r}, 'w').write(os.getcwd())")
    assert where.read_text()
    assert not Path(where.read_text()).exists()
