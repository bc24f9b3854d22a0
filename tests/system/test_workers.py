"""Arguments and sockets; tests/integration/test_workers.py runs the processes."""

import os
import socket
import threading

import pytest

from miniloop import EventLoop
from miniloop.system import workers


def serve(loop: EventLoop, number: int) -> None:
    raise AssertionError("no worker may be started")


def test_without_fork_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork", raising=False)
    with pytest.raises(OSError, match="this system has no fork"):
        workers.run(serve)


@pytest.mark.needs("fork")
@pytest.mark.parametrize(
    ("processes", "times"),
    [
        (0, {}),
        (-1, {}),
        (1, {"grace": -1}),
        (1, {"drain": -0.1}),
        (1, {"start_limit": -1}),
        (1, {"drain": float("nan")}),
    ],
)
def test_numbers_that_make_no_sense(processes: int, times: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="workers need processes >= 1"):
        workers.run(serve, processes, **times)  # type: ignore[arg-type]  # the keys are names


@pytest.mark.needs("fork")
def test_another_thread_is_refused() -> None:
    errors: list[str] = []

    def run() -> None:
        try:
            workers.run(serve, 1)
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert errors == ["signal handlers are set, removed and put back on the main thread only"]


@pytest.mark.needs("fork")
def test_a_malformed_notify_socket_is_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "here")
    with pytest.raises(ValueError, match="NOTIFY_SOCKET is 'here'"):
        workers.run(serve, 1)
    assert "NOTIFY_SOCKET" not in os.environ


def test_cores() -> None:
    assert 1 <= workers.usable_cores() <= (os.cpu_count() or 1)


def test_cores_where_there_is_no_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert workers.usable_cores() == os.cpu_count()
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert workers.usable_cores() == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_sockets_of_one_port(host: str) -> None:
    assert socket.SO_REUSEPORT  # where it is missing, this test is skipped
    opened = workers.reuse_port((host, 0), 3)
    assert len({sock.fileno() for sock in opened}) == 3
    assert len({sock.getsockname()[1] for sock in opened}) == 1
    for sock in opened:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        sock.close()


def test_a_taken_port_leaves_no_socket_open() -> None:
    assert socket.SO_REUSEPORT
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match=r"[Aa]ddress already in use"),
    ):
        workers.reuse_port(taken.getsockname(), 2)


def test_reuse_port_refuses_no_socket_at_all() -> None:
    with pytest.raises(ValueError, match="at least one"):
        workers.reuse_port(("127.0.0.1", 0), 0)


def test_without_reuse_port_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_REUSEPORT", raising=False)
    with pytest.raises(OSError, match="no SO_REUSEPORT: let the workers share"):
        workers.reuse_port(("127.0.0.1", 0), 2)
