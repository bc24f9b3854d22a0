"""Notices to members when Redis stops and returns, and the fate of their messages."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("hiredis", reason="a node of a cluster needs the package hiredis")

from examples.chatroom.cluster.node import BACK, DOWN, TOO_MUCH
from tests.cluster.observers import Observer, check_members
from tests.cluster.town import LEASE, Town, running
from tests.integration.chatroom_process import ENVIRONMENT, PATIENCE, ROOT, Peer

WAITING = 20
NUMBERS = itertools.count(1)
PASSWORD = "correct horse battery"
pytestmark = pytest.mark.needs("localhost")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("outage")
    operators = folder / "operators"
    subprocess.run(
        [sys.executable, "-m", "examples.chatroom.operators", "add", "boss", "--file", operators],
        input=f"{PASSWORD}\n", text=True, cwd=ROOT, env=ENVIRONMENT, check=True,
        capture_output=True,
    )  # fmt: skip
    # Members that waited for the answer about a name have entered, too: none is dismissed below.
    late = ("--login-timeout", str(LEASE))
    options = ("--operators", str(operators), "--max-waiting", str(WAITING), *late)
    with running(folder, *options) as town:
        yield town
        town.end_in_order()


@pytest.fixture
def people(town: Town) -> Iterator[list[Observer]]:
    """Log in ann, bob and cem, one at each node; tests add others."""
    number = next(NUMBERS)
    found = [
        Observer(node, f"{name}{number}")
        for node, name in zip(town.nodes, ["ann", "bob", "cem"], strict=True)
    ]
    yield found
    for each in found:
        each.type("/quit")
        each.socket.close()


def one_line(data: bytes) -> str:
    return " ".join(data.decode().split())


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # between two queries: there is no event to wait for


def text_until(peer: Peer, text: str) -> str:
    """Return all that was shown up to `text`, as one line."""
    return one_line(peer.expect(text))


def test_an_outage_is_said_once_and_what_was_said_appears_once(
    town: Town, people: list[Observer]
) -> None:
    ann = people[0]
    town.engine.kill()
    heard = [one_line(each.expect(DOWN)) for each in people]
    ann.type(*(f"waits {number}" for number in range(3)))
    assert "waits" not in ann.hear()
    town.engine.start()
    for number, each in enumerate(people):
        while "waits 2" not in heard[number] or BACK not in heard[number]:
            heard[number] += one_line(each.hear().encode())
        wanted = ("waits 0", "waits 1", "waits 2", DOWN, BACK)
        assert [heard[number].count(part) for part in wanted] == [1] * 5, heard[number]


def test_what_waits_survives_the_end_of_its_node(town: Town, people: list[Observer]) -> None:
    ann, bob, cem = people
    town.engine.kill()
    bob.expect(DOWN)
    bob.type("said in the dark")
    bob.ask("/who")
    time.sleep(0.3)  # the write is on its way to the disk, and has no visible end
    town.nodes[1].server.kill()
    town.nodes[1].start()
    town.engine.start()
    for each in (ann, cem):
        assert text_until(each, ": said in the dark").count("said in the dark") == 1
        each.type("then this")
        each.expect("then this")
    eye = Observer(town.nodes[1], "eye")  # its node follows the room again
    until(lambda: "then this" in town.nodes[1].texts("lobby"))
    eye.socket.close()
    for node in town.nodes:
        assert node.texts("lobby").count("said in the dark") == 1
    assert "said in the dark" not in ann.hear() + cem.hear()


def test_more_than_can_wait_is_refused_with_a_sentence(town: Town, people: list[Observer]) -> None:
    ann, bob, _ = people
    town.engine.kill()
    ann.expect(DOWN)
    for number in range(WAITING + 2):
        ann.type(f"line <{number}>")
    ann.expect(TOO_MUCH)
    ann.expect(TOO_MUCH)
    town.engine.start()
    text = text_until(bob, f"line <{WAITING - 1}>")
    assert [text.count(f"line <{number}>") for number in range(WAITING)] == [1] * WAITING
    text_until(ann, f"line <{WAITING - 1}>")  # so there is space for one more
    ann.type("over")
    assert f"line <{WAITING}>" not in text_until(bob, ": over")


def test_who_loses_its_name_is_renamed_and_told(town: Town) -> None:
    first, second = town.nodes[:2]
    eyes = [Observer(node, name) for node, name in zip(town.nodes, ["x1", "x2", "x3"], strict=True)]
    for node in (first, second):
        node.cut()
    for each in eyes[:2]:
        each.expect(DOWN)
    twins = [Observer(first), Observer(second)]
    for each in twins:
        each.type("twin")
        each.expect(DOWN)
    time.sleep(LEASE)  # as long as an outage has to be
    for node in (first, second):
        node.heal()
    check_members(eyes, "lobby", {"twin", "twin-2", "x1", "x2", "x3"})
    told = [" ".join(each.hear().split()) for each in twins]
    sentence = "Another member has the name twin: you are called twin-2 now."
    assert sorted(text.count(sentence) for text in told) == [0, 1]
    for each in (*eyes, *twins):
        each.type("/quit")
        each.socket.close()


def test_sanctions_reach_a_node_that_was_away(town: Town, people: list[Observer]) -> None:
    ann, bob, cem = people
    ann.type(f"/oper boss {PASSWORD}")
    ann.expect("You are an operator now.")
    town.nodes[1].cut()
    bob.expect(DOWN)
    ann.type(f"/mute {bob.name}", f"/kick {cem.name} enough")
    assert "enough" in cem.rest().decode()
    town.nodes[1].heal()
    until(lambda: "You are muted" in bob.hear("can you hear me"))
    check_members([ann, bob], "lobby", {ann.name, bob.name})
    ann.type(f"/unmute {bob.name}")
    until(lambda: "You are muted" not in bob.hear("and now"))
    ann.expect(": and now")
