"""Urgent data, connects, threads and forks: the drop-in layer on real connections."""

# mypy: disallow-subclassing-any=False

import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.compat.conftest import chat, core, everything_is_watched, map, modules, pair, use_poll
from tests.compat.serving import recorder, serve
from tests.driving import LONGEST, reset, tcp_pair

__all__ = ["chat", "core", "everything_is_watched", "map", "modules", "pair", "use_poll"]

Map = dict[int, Any]
Pairs = Callable[[], tuple[socket.socket, socket.socket]]


@pytest.fixture
def tcp() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = tcp_pair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("few", [0, 100], ids=["in the set", "in the list"])
def test_urgent_data_reaches_handle_expt(
    core: Any,
    map: Map,
    tcp: Any,
    use_poll: bool,
    few: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("miniloop.compat.interest_list.POLL_LIST_SIZE", few)
    monkeypatch.setattr("miniloop.compat.watch.FEW_PASSES", 1)
    ours, theirs = tcp
    channel = recorder(core)(ours, map)
    channel.on["expt"] = lambda: channel.seen.append(ours.recv(1, socket.MSG_OOB))
    theirs.send(b"!", socket.MSG_OOB)
    serve(core, map, lambda: channel.seen, use_poll)
    assert channel.seen == ["expt", b"!"]


def test_urgent_data_stays_the_normal_datas_neighbour(
    core: Any, map: Map, tcp: Any, use_poll: bool
) -> None:
    ours, theirs = tcp
    channel = recorder(core)(ours, map)
    channel.on["expt"] = lambda: ours.recv(1, socket.MSG_OOB)
    theirs.send(b"before")
    theirs.send(b"!", socket.MSG_OOB)
    theirs.send(b"after")
    serve(core, map, lambda: "".join(channel.seen).count("after"), use_poll)
    assert "expt" in channel.seen
    assert next(each for each in channel.seen if each != "expt").startswith("read before")


def test_a_reset_reaches_handle_close(core: Any, map: Map, tcp: Any, use_poll: bool) -> None:
    ours, theirs = tcp
    channel = recorder(core)(ours, map)
    reset(theirs)
    serve(core, map, lambda: channel.seen, use_poll)
    assert set(channel.seen) == {"close"}
    assert map == {}


def test_server_and_client_in_one_map(core: Any, chat: Any, map: Map, use_poll: bool) -> None:
    answers: list[bytes] = []
    base: Any = core.dispatcher
    chat_base: Any = chat.async_chat

    class Echo(chat_base):
        def __init__(self, sock: socket.socket) -> None:
            chat_base.__init__(self, sock, map)
            self.set_terminator(b"\n")

        def collect_incoming_data(self, data: bytes) -> None:
            self._collect_incoming_data(data)

        def found_terminator(self) -> None:
            self.push(self._get_data().upper())
            self.close_when_done()

    class Server(base):
        def handle_accepted(self, sock: socket.socket, addr: object) -> None:
            self.close()
            Echo(sock)

    class Client(chat_base):
        terminator = None

        def handle_connect(self) -> None:
            self.push(b"hello\n")

        def collect_incoming_data(self, data: bytes) -> None:
            answers.append(data)

    server = Server(None, map)
    server.create_socket()
    server.set_reuse_addr()
    server.bind(("127.0.0.1", 0))
    server.listen(5)
    client = Client(None, map)
    client.create_socket(socket.AF_INET, socket.SOCK_STREAM)
    client.connect(server.socket.getsockname())
    core.loop(LONGEST, use_poll, map, 100)
    assert answers == [b"HELLO"]
    assert map == {}


def test_a_refused_connect(core: Any, map: Map, use_poll: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    channel = recorder(core)(None, map)
    channel.handle_error = lambda: channel.seen.append("error")
    channel.create_socket()
    try:
        channel.connect(address)
    except ConnectionRefusedError:
        return  # some systems know it at once
    serve(core, map, lambda: channel.seen, use_poll)
    assert channel.seen[0] in ("error", "close")


# -- threads ---------------------------------------------------------------------------------------


def echo_loop(core: Any, map: Map, errors: list[BaseException], use_poll: bool) -> threading.Thread:
    def run() -> None:
        try:
            core.loop(0.01, use_poll, map)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def echo_class(core: Any) -> Any:
    base: Any = recorder(core)

    class Echo(base):
        def handle_read(self) -> None:
            try:
                data = self.recv(100)
                if data:  # not self.send(): two threads would send what out_buffer holds twice
                    self.socket.send(data)
            except BlockingIOError:  # the other thread was here first
                return

        def handle_close(self) -> None:
            self.close()

    return Echo


def exchange(peers: list[socket.socket], rounds: int = 30) -> None:
    for at in range(rounds):
        for peer in peers:
            peer.settimeout(LONGEST)
            peer.send(b"%d" % at)
        for peer in peers:
            assert peer.recv(100) == b"%d" % at


def test_two_threads_with_two_maps(core: Any, pair: Pairs, use_poll: bool) -> None:
    errors: list[BaseException] = []
    maps: list[Map] = [{}, {}]
    pairs = [pair() for _ in range(6)]
    for at, (ours, _) in enumerate(pairs):
        echo_class(core)(ours, maps[at % 2])
    threads = [echo_loop(core, map, errors, use_poll) for map in maps]
    try:
        exchange([theirs for _, theirs in pairs])
    finally:
        for _, theirs in pairs:
            theirs.close()
        for thread in threads:
            thread.join(LONGEST)
    assert not any(thread.is_alive() for thread in threads)
    assert errors == []
    assert maps == [{}, {}]


def test_two_threads_on_one_map(core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    """Whichever thread hears it answers."""
    errors: list[BaseException] = []
    pairs = [pair() for _ in range(4)]
    for ours, _ in pairs:
        echo_class(core)(ours, map)
    threads = [echo_loop(core, map, errors, use_poll) for _ in range(2)]
    try:
        exchange([theirs for _, theirs in pairs], 10)
    finally:
        map.clear()
        for thread in threads:
            thread.join(LONGEST)
    assert not any(thread.is_alive() for thread in threads)
    assert errors == []


def test_another_thread_pushes(core: Any, chat: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    """Not allowed by any book, and yet done: the loop sees it within its timeout."""
    errors: list[BaseException] = []
    ours, theirs = pair()
    channel = chat.async_chat(ours, map)
    channel.terminator = None
    thread = echo_loop(core, map, errors, use_poll)
    try:
        theirs.settimeout(LONGEST)
        for at in range(10):
            channel.producer_fifo.append(b"%d" % at)
            assert theirs.recv(100) == b"%d" % at
    finally:
        map.clear()
        thread.join(LONGEST)
    assert errors == []


# -- fork ------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("few", [1, 100])
def test_fork_in_a_handler(
    core: Any,
    pair: Pairs,
    map: Map,
    use_poll: bool,
    few: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The child goes on serving one channel in the loop it came from; the parent serves all."""
    monkeypatch.setattr("miniloop.compat.interest_list.POLL_LIST_SIZE", few)
    monkeypatch.setattr("miniloop.compat.watch.FEW_PASSES", 1)
    pairs = [pair() for _ in range(6)]
    channels = [echo_class(core)(ours, map) for ours, _ in pairs]
    children: list[int] = []

    def fork() -> None:
        data = channels[0].recv(100)
        child = os.fork()
        if child:
            children.append(child)
            channels[5].del_channel()  # the child's
            channels[0].send(b"parent " + data)
            return
        for channel in channels[:5]:
            channel.del_channel()
            channel.socket.close()

    channels[0].handle_read = fork
    pairs[0][1].send(b"go")
    peers = [theirs for _, theirs in pairs]
    in_parent = os.getpid()
    try:
        serve(core, map, lambda: children or os.getpid() != in_parent, use_poll)
        if os.getpid() != in_parent:
            for peer in peers:
                peer.close()
            core.loop(LONGEST, use_poll, map)
            os._exit(0)
    except BaseException:
        if os.getpid() != in_parent:
            os._exit(1)
        raise
    assert peers[0].recv(100) == b"parent go"
    peers[5].settimeout(LONGEST)
    peers[5].send(b"child")
    assert peers[5].recv(100) == b"child"
    for at in range(1, 5):
        peers[at].send(b"all")
    serve(core, map, lambda: all(select.select([p], [], [], 0)[0] for p in peers[1:5]), use_poll)
    channels[5].socket.close()
    peers[5].close()
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
