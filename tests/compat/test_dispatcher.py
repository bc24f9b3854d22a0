"""dispatcher: its own methods, with the errors that sockets give."""

import errno
import socket
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from tests.compat.conftest import Pair
from tests.compat.serving import recorder
from tests.driving import tcp_pair

Pairs = Callable[[], Pair]
Map = dict[int, Any]

GONE = ["ECONNRESET", "ENOTCONN", "ESHUTDOWN", "ECONNABORTED", "EPIPE", "EBADF"]


def failing(core: Any, map: Map, name: str, number: int) -> Any:
    """A channel whose socket fails with this number in this method."""
    channel = recorder(core)(None, map)
    channel.socket = mock.Mock()
    getattr(channel.socket, name).side_effect = OSError(number, "on purpose")
    return channel


@pytest.mark.parametrize("name", GONE)
def test_a_lost_connection_is_the_end_and_no_error(core: Any, map: Map, name: str) -> None:
    number = getattr(errno, name)
    receiving = failing(core, map, "recv", number)
    assert receiving.recv(10) == b""
    assert receiving.seen == ["close"]
    sending = failing(core, map, "send", number)
    assert core.dispatcher.send(sending, b"x") == 0
    assert sending.seen == ["close"]


def test_other_errors_are_raised(core: Any, map: Map) -> None:
    with pytest.raises(OSError, match="on purpose"):
        failing(core, map, "recv", errno.ENOMEM).recv(10)
    with pytest.raises(OSError, match="on purpose"):
        core.dispatcher.send(failing(core, map, "send", errno.ENOMEM), b"x")
    with pytest.raises(BlockingIOError):
        failing(core, map, "recv", errno.EWOULDBLOCK).recv(10)


def test_no_room_is_nothing_sent(core: Any, map: Map) -> None:
    channel = failing(core, map, "send", errno.EWOULDBLOCK)
    assert core.dispatcher.send(channel, b"x") == 0
    assert channel.seen == []


@pytest.mark.parametrize("accepted", [True, False])
def test_no_option_is_set(core: Any, map: Map, accepted: bool) -> None:
    """The native classes set TCP_NODELAY; asyncore never did, for its own or for given sockets."""
    ours, theirs = tcp_pair()
    with ours, theirs:
        sock = ours if accepted else theirs
        channel = recorder(core)(sock, map)
        assert not channel.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_end_of_the_stream(core: Any, pair: Pairs, map: Map) -> None:
    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    theirs.close()
    assert channel.recv(10) == b""
    assert channel.seen == ["close"]


@pytest.mark.parametrize("name", ["EWOULDBLOCK", "ECONNABORTED", "EAGAIN"])
def test_accept_finds_no_connection_after_all(core: Any, map: Map, name: str) -> None:
    channel = failing(core, map, "accept", getattr(errno, name))
    assert channel.accept() is None
    channel.handle_accept()
    channel.socket.accept.side_effect = TypeError
    assert channel.accept() is None


def test_accept_raises_what_is_worse(core: Any, map: Map) -> None:
    with pytest.raises(OSError, match="on purpose"):
        failing(core, map, "accept", errno.EMFILE).accept()


@pytest.mark.parametrize("name", ["ENOTCONN", "EINVAL"])
def test_an_unconnected_socket_is_taken(core: Any, pair: Pairs, map: Map, name: str) -> None:
    sock = mock.Mock(wraps=pair()[0])
    sock.getpeername.side_effect = OSError(getattr(errno, name), "")
    channel = core.dispatcher(sock, map)
    assert not channel.connected
    assert list(map.values()) == [channel]
    sock.setblocking.assert_called_once()


def test_a_broken_socket_leaves_the_map(core: Any, pair: Pairs, map: Map) -> None:
    sock = mock.Mock(wraps=pair()[0])
    sock.getpeername.side_effect = OSError(errno.ENOBUFS, "on purpose")
    with pytest.raises(OSError, match="on purpose"):
        core.dispatcher(sock, map)
    assert map == {}


@pytest.mark.parametrize("name", ["EINPROGRESS", "EALREADY", "EWOULDBLOCK"])
def test_a_connect_under_way(core: Any, map: Map, name: str) -> None:
    channel = recorder(core)(None, map)
    channel.socket = mock.Mock()
    channel.socket.connect_ex.return_value = getattr(errno, name)
    channel.connect(("there", 1))
    assert (channel.connected, channel.connecting) == (False, True)
    assert channel.addr == ("there", 1)
    channel.socket.getsockopt.return_value = 0
    channel.handle_write_event()
    assert channel.seen == ["connect", "write"]
    assert (channel.connected, channel.connecting) == (True, False)


@pytest.mark.parametrize("number", [0, errno.EISCONN])
def test_a_connect_that_needs_no_waiting(core: Any, map: Map, number: int) -> None:
    channel = recorder(core)(None, map)
    channel.socket = mock.Mock()
    channel.socket.connect_ex.return_value = number
    channel.socket.getsockopt.return_value = 0
    channel.connect("there")
    assert channel.seen == ["connect"]
    assert channel.connected


def test_a_connect_that_fails(core: Any, map: Map) -> None:
    channel = recorder(core)(None, map)
    channel.socket = mock.Mock()
    channel.socket.connect_ex.return_value = errno.EACCES
    with pytest.raises(PermissionError, match="EACCES"):
        channel.connect("there")
    channel.socket.getsockopt.return_value = errno.ECONNREFUSED
    with pytest.raises(ConnectionRefusedError, match="refused"):
        channel.handle_read_event()
    assert channel.seen == []


def test_set_reuse_addr(core: Any, map: Map) -> None:
    with socket.socket() as sock:
        channel = core.dispatcher(None, map)
        channel.socket = sock
        channel.set_reuse_addr()
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    channel.socket = mock.Mock()
    channel.socket.getsockopt.side_effect = OSError
    channel.set_reuse_addr()  # not every system can


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("handle_expt", "unhandled incoming priority event"),
        ("handle_read", "unhandled read event"),
        ("handle_write", "unhandled write event"),
        ("handle_connect", "unhandled connect event"),
        ("handle_close", "unhandled close event"),
    ],
)
def test_stock_handlers_log_that_the_event_is_unhandled(
    core: Any, map: Map, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    channel = core.dispatcher(None, map)
    getattr(channel, name)()
    assert capsys.readouterr().out == ""  # warnings are ignored by default
    channel.ignore_log_types = ()
    getattr(channel, name)()
    assert capsys.readouterr().out == f"warning: {text}\n"


def test_handle_accepted_closes_and_says_so(
    core: Any, map: Map, capsys: pytest.CaptureFixture[str]
) -> None:
    channel = core.dispatcher(None, map)
    channel.ignore_log_types = ()
    sock = mock.Mock()
    channel.handle_accepted(sock, "addr")
    sock.close.assert_called_once_with()
    assert capsys.readouterr().out == "warning: unhandled accepted event\n"


def test_logs(core: Any, map: Map, capsys: pytest.CaptureFixture[str]) -> None:
    channel = core.dispatcher(None, map)
    channel.log("hit")
    channel.log_info("said")
    channel.log_info("hidden", "warning")
    channel.log_info("shown", type="error")
    out, err = capsys.readouterr()
    assert err == "log: hit\n"
    assert out == "info: said\nerror: shown\n"


@pytest.mark.parametrize("name", ["ENOTCONN", "EBADF"])
def test_close_forgives(core: Any, map: Map, name: str) -> None:
    channel = failing(core, map, "close", getattr(errno, name))
    channel.connected = channel.accepting = channel.connecting = True
    channel.close()
    assert [channel.connected, channel.accepting, channel.connecting] == [False] * 3


def test_close_raises_what_is_worse(core: Any, map: Map) -> None:
    with pytest.raises(OSError, match="on purpose"):
        failing(core, map, "close", errno.EIO).close()


@pytest.mark.parametrize(("system", "backlog"), [("nt", [5, 5]), ("posix", [5, 6])])
def test_windows_takes_a_backlog_of_five(
    core: Any, map: Map, monkeypatch: pytest.MonkeyPatch, system: str, backlog: list[int]
) -> None:
    channel = core.dispatcher(map=map)
    channel.socket = mock.Mock()
    for number in (5, 6):
        with monkeypatch.context() as patched:
            patched.setattr("os.name", system)
            channel.listen(number)
    assert [call.args[0] for call in channel.socket.listen.call_args_list] == backlog


def test_a_listener_gets_no_write_events(core: Any, map: Map) -> None:
    channel = recorder(core)(None, map)
    channel.accepting = True
    channel.handle_write_event()
    assert channel.seen == []
