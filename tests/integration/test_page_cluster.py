"""A page whose node stops: it reconnects to another node by itself, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

pytest.importorskip("hiredis", reason="a node of a cluster needs the package hiredis")

from examples.chatroom.cluster.node import BACK, DOWN
from tests.integration.browser import Keys, Page, browsers, visit
from tests.integration.chatroom_process import ENVIRONMENT, NO_FLOOD_LIMIT, ROOT, Peer, Server
from tests.integration.conftest import Connect, Start
from tests.integration.proxy import Proxy
from tests.integration.redis_server import RedisServer

LEASE = 3  # seconds
STATUS_ROWS = """
return [...document.querySelectorAll('tr')].map((row) =>
  [row.querySelector('th')?.textContent ?? '', row.querySelector('td')?.textContent ?? ''])
"""
PASSWORD = "correct horse battery"
pytestmark = pytest.mark.needs("localhost")


@pytest.fixture
def ada(pytestconfig: pytest.Config) -> Iterator[Page]:
    yield from visit(browsers(pytestconfig, 1)[0])


@dataclass
class Cluster:
    """Two nodes, their engine, and the single address for browsers."""

    engine: RedisServer
    nodes: list[Server]
    front: Proxy


@pytest.fixture
def cluster(tmp_path: Path, launch: Start) -> Iterator[Cluster]:
    with contextlib.ExitStack() as stack:
        (tmp_path / "engine").mkdir()
        engine = RedisServer(tmp_path / "engine")
        stack.callback(engine.kill)
        engine.wait()
        operators = tmp_path / "operators"
        subprocess.run(
            [
                *(sys.executable, "-m", "examples.chatroom.operators"),
                *("add", "boss", "--file", operators),
            ],
            input=f"{PASSWORD}\n", text=True, cwd=ROOT, env=ENVIRONMENT, check=True,
            capture_output=True,
        )  # fmt: skip
        options = (
            *("--cluster", f"redis://127.0.0.1:{engine.port}", "--cluster-lease", str(LEASE)),
            *("--operators", str(operators), *NO_FLOOD_LIMIT),
        )
        nodes = [launch(*options, "--node", name, folder=tmp_path / name) for name in ("n1", "n2")]
        front = Proxy(nodes[0].web_port)
        stack.callback(front.close)
        yield Cluster(engine, nodes, front)
        engine.signal(signal.SIGCONT)


def move(cluster: Cluster, page: Page) -> None:
    """Kill the first node, and redirect the address to the second one."""
    cluster.nodes[0].kill()
    cluster.front.turn(cluster.nodes[1].web_port)
    cluster.front.refusing = False
    page.run("window.dispatchEvent(new Event('online'))")
    page.until_online()


def said_by(page: Page, name: str) -> list[str]:
    return [each.removeprefix(f"{name}: ") for each in page.said() if each.startswith(f"{name}: ")]


def say_many(peer: Peer, name: str, what: str, count: int) -> list[str]:
    lines = [f"{what} {number}" for number in range(count)]
    peer.type(*lines)
    peer.expect(f"{name}: {lines[-1]}\r\n")
    return lines


def test_a_page_goes_on_at_another_node(cluster: Cluster, connect: Connect, ada: Page) -> None:
    ada.enter(cluster.front.port, "Ada")
    bob = connect(cluster.nodes[1], "Bob")
    ada.say("/join garden")
    ada.until_text("#place", "garden")
    ada.say("/lock thorns")
    ada.until_log("closed")
    bob.type("before")
    bob.expect("Bob: before\r\n")
    bob.type("/join garden thorns")
    bob.expect("Bob came into garden")
    bob.type("bud")
    ada.until_said("Bob: bud")
    cluster.front.refusing = True
    cluster.front.cut()
    ada.until("is away", lambda: ada.text("#connection") != "Connected")
    ada.say("said in a tunnel")
    ada.until("keeps it", lambda: ada.texts("#log .waiting"))
    roses = say_many(bob, "Bob", "rose", 120)
    bob.type("/join lobby")
    bob.expect("came into lobby")
    lines = say_many(bob, "Bob", "line", 120)
    move(cluster, ada)
    assert ada.text("#place") == "garden"
    assert ada.text("#my-name").endswith("Ada")
    ada.until_said("Ada: said in a tunnel", "Bob: rose 119")
    ada.until("fetched all", lambda: len(said_by(ada, "Bob")) >= 121)
    assert said_by(ada, "Bob") == ["bud", *roses]
    assert said_by(ada, "Ada") == ["said in a tunnel"]
    ada.run("document.querySelector('#rooms .entry').click()")
    ada.until_text("#place", "lobby")
    ada.until("fetched all", lambda: len(said_by(ada, "Bob")) >= 121)
    assert said_by(ada, "Bob") == ["before", *lines]


def test_a_page_that_was_loaded_again_has_its_name_at_another_node(
    cluster: Cluster, ada: Page
) -> None:
    ada.open(cluster.front.port)
    ada.click("#remember")
    ada.field("name").send_keys("Ada", Keys.ENTER)
    ada.until_shown("#place")
    ada.driver.refresh()  # its token changes here
    ada.until_online()
    move(cluster, ada)
    assert ada.text("#my-name").endswith("Ada")
    cluster.front.cut()
    ada.until_online()
    handle = ada.driver.current_window_handle
    ada.driver.switch_to.new_window("tab")
    ada.open(cluster.front.port)
    ada.until_online()
    assert ada.text("#my-name").endswith("Ada")
    ada.driver.close()
    ada.driver.switch_to.window(handle)


def test_a_line_is_marked_until_the_engine_has_it(
    cluster: Cluster, connect: Connect, ada: Page
) -> None:
    ada.enter(cluster.front.port, "Ada")
    bob = connect(cluster.nodes[1], "Bob")
    ada.until_log("Bob came")
    cluster.engine.signal(signal.SIGSTOP)
    ada.say("on its way")
    ada.until("marks it", lambda: ada.texts("#log .waiting"))
    assert said_by(ada, "Ada") == []
    ada.until_log(DOWN)
    cluster.engine.signal(signal.SIGCONT)
    ada.until_online()
    assert said_by(ada, "Ada") == ["on its way"]
    bob.expect("Ada: on its way")
    ada.until_log(BACK)
    log = ada.text("#log")
    assert (log.count(DOWN), log.count(BACK)) == (1, 1)


def test_what_is_forgotten_at_one_node_disappears_at_the_other(
    cluster: Cluster, connect: Connect, ada: Page
) -> None:
    cluster.front.turn(cluster.nodes[1].web_port)
    ada.enter(cluster.front.port, "Ada")
    boss = connect(cluster.nodes[0], "Carl")
    boss.type(f"/oper boss {PASSWORD}")
    boss.expect("operator")
    ada.say("please keep", "please forget")
    ada.until_said("Ada: please keep", "Ada: please forget")
    boss.expect("Ada: please forget")
    boss.type("/history")
    number = re.findall(rb"(\d+)[^\d]+Ada: please forget", boss.expect("Ada: please forget"))
    boss.type(f"/forget {int(number[-1])}")
    ada.until("lets it go", lambda: ada.said() == ["Ada: please keep"])


def figures_of(page: Page, server: Server) -> dict[str, Any]:
    """Return the status page's figures of the cluster, which equal those of its JSON."""
    page.engine.get(f"http://127.0.0.1:{server.web_port}/status")
    rows: dict[str, str] = dict(page.run(STATUS_ROWS))
    try:
        with urlopen(f"http://127.0.0.1:{server.web_port}/status.json") as answer:
            figures = json.load(answer)
    except HTTPError as sick:
        figures = json.load(sick)
    found: dict[str, Any] = figures["cluster"]
    for name in ("nodes", "link", "waiting", "lines waiting", "lag s"):
        assert name in rows
    return found | {"problems": figures["problems"]}


def test_the_status_page_shows_the_cluster(cluster: Cluster, connect: Connect, ada: Page) -> None:
    node = cluster.nodes[0]
    ada.until("counts both", lambda: figures_of(ada, node)["nodes"] == 2)  # at the next heartbeat
    well = figures_of(ada, node)
    assert (well["nodes"], well["link"], well["waiting"], well["problems"]) == (2, "up", 0, [])
    bob = connect(node, "Bob")
    cluster.engine.kill()
    bob.expect("is down")
    bob.type("one", "two", "/who")
    bob.expect("lobby: ")
    ada.until("shows it", lambda: figures_of(ada, node)["lines_waiting"] == 2)
    ill = figures_of(ada, node)
    assert ill["link"] != "up"
    assert ill["problems"] == ["The link to the other servers is down."]
    cluster.engine.start()
    bob.expect("Bob: two")
    ada.until("is well", lambda: not figures_of(ada, node)["problems"])
    assert figures_of(ada, node)["lines_waiting"] == 0
