"""First bytes on socket pairs; the test controls the time."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest

from examples.chatroom.doors.arrival import Arrival, arrive
from examples.chatroom.doors.proxies import Proxies
from examples.chatroom.doors.vestibule import LINGER, Port, Vestibule
from examples.chatroom.hall.gate import Gate
from examples.chatroom.hall.limits import Limits
from examples.chatroom.people.addresses import network_of
from miniloop import Dispatcher, EventLoop
from miniloop.testing import FakeClock
from tests.driving import Recording, receive, settle

HELLO = b"\x16\x03\x01\x02\x00\x01"
HEADER = b"PROXY TCP4 192.0.2.1 10.0.0.1 4711 1234\r\n"
NO_TLS = b"This port speaks TLS.\r\n"
PROXY, CLIENT = "10.0.0.1", "192.0.2.9"
TIMEOUT = 60.0


@dataclass
class Entry:
    """Connections to one port, and those that were admitted."""

    loop: EventLoop
    clock: FakeClock
    secure: bool = False
    has_header: bool = True
    fails: bool = False
    limits: Limits = field(default_factory=Limits)
    admitted: list[tuple[Recording, Arrival]] = field(default_factory=list)
    sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = Gate(self.limits)
        trusted = network_of("10.0.0.0/8")
        assert trusted is not None
        self.vestibule = Vestibule(
            self.loop,
            Port(
                arrive=partial(arrive, self.gate),
                admit=self.admit,
                secure=self.secure,
                proxies=Proxies([trusted]),
                has_header=self.has_header,
                timeout=TIMEOUT,
                no_tls=lambda: NO_TLS,
                spare=2,
                most_unknown=3,
            ),
        )

    def admit(self, sock: socket.socket, arrival: Arrival) -> Recording:
        if self.fails:
            raise OSError("on purpose")
        self.admitted.append((Recording(self.loop, sock), arrival))
        return self.admitted[-1][0]

    def come(self, address: str, *pieces: bytes) -> socket.socket:
        """Connect from `address`, send `pieces` one by one, and return the peer's end."""
        sock, _ = self.connect(address, *pieces)
        return sock

    def connect(self, address: str, *pieces: bytes) -> tuple[socket.socket, Dispatcher]:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self.sockets.append(theirs)
        channel = self.vestibule.receive(ours, address)
        for piece in pieces:
            theirs.sendall(piece)
            settle(self.loop)
        return theirs, channel

    def heard(self) -> list[bytes]:
        """Return the data that the doors have received."""
        settle(self.loop)
        return [door.data for door, _ in self.admitted]

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        settle(self.loop)


Open = Callable[..., Entry]


@pytest.fixture
def open_port() -> Iterator[Open]:
    clock = FakeClock()
    made: list[Entry] = []
    with EventLoop(clock=clock, debug=True) as loop:

        def make(**options: object) -> Entry:
            made.append(Entry(loop, clock, **options))  # type: ignore[arg-type]  # passed on
            return made[-1]

        yield make
        for entry in made:
            for sock in entry.sockets:
                sock.close()


def test_who_has_to_show_nothing_is_let_in_at_once(open_port: Open) -> None:
    entry = open_port()
    entry.come(CLIENT)
    assert [arrival.address for _, arrival in entry.admitted] == [CLIENT]
    assert (len(entry.vestibule), entry.gate.taken) == (0, 1)


@pytest.mark.parametrize("cut", range(len(HEADER)))
def test_the_header_names_the_client_wherever_it_is_cut(open_port: Open, cut: int) -> None:
    entry = open_port()
    entry.come(PROXY, HEADER[:cut])
    assert (entry.admitted, entry.gate.taken) == ([], 0)
    entry.sockets[0].sendall(HEADER[cut:] + b"Ada\r\n")
    assert entry.heard() == [b"Ada\r\n"]
    arrival = entry.admitted[0][1]
    assert arrival.address == "192.0.2.1"
    assert arrival.place is not None
    assert (len(entry.vestibule), entry.gate.taken) == (0, 1)


def test_tls_may_follow_the_header(open_port: Open) -> None:
    entry = open_port(secure=True)
    sock = entry.come(PROXY, *(bytes([byte]) for byte in HEADER))
    assert (entry.admitted, entry.gate.taken) == ([], 1)
    sock.sendall(HELLO)
    assert entry.heard() == [HELLO]
    other = entry.come(PROXY, HEADER + HELLO)
    assert entry.heard()[1] == HELLO
    assert receive(other) == b""


def test_a_proxy_that_speaks_for_itself_has_its_own_address(open_port: Open) -> None:
    entry = open_port()
    entry.come(PROXY, b"PROXY UNKNOWN\r\n")
    assert entry.admitted[0][1].address == PROXY


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("data", [b"Ada\r\n", HELLO, b"PROXY nonsense\r\n"])
def test_without_a_header_nobody_comes_in_from_a_proxy(
    open_port: Open, secure: bool, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    entry = open_port(secure=secure)
    sock = entry.come(PROXY, data)
    assert b"PROXY protocol" in receive(sock)
    assert f"A connection from {PROXY}, a trusted proxy's address, is refused: " in caplog.text
    assert (entry.admitted, entry.gate.taken) == ([], 0)
    entry.wait(LINGER + 0.1)
    assert len(entry.vestibule) == 0


def test_others_may_not_name_a_client(open_port: Open) -> None:
    entry = open_port()
    entry.come(CLIENT, HEADER)
    assert entry.heard() == [HEADER]
    assert entry.admitted[0][1].address == CLIENT


def test_a_full_room_is_told_behind_the_header(open_port: Open) -> None:
    entry = open_port(limits=Limits(max_per_address=1))
    entry.come(PROXY, HEADER)
    entry.come(PROXY, HEADER)
    first, second = (arrival for _, arrival in entry.admitted)
    assert first.place is not None
    assert (second.place, second.address) == (None, "192.0.2.1")
    assert "too many connections from your address" in second.refusal


def test_where_requests_name_the_client_nothing_is_read_here(open_port: Open) -> None:
    entry = open_port(has_header=False)
    entry.come(PROXY)
    assert entry.admitted[0][1].unknown
    secure = open_port(has_header=False, secure=True)
    secure.come(PROXY, HELLO)
    assert secure.heard() == [HELLO]
    assert secure.admitted[0][1].unknown


@pytest.mark.parametrize("data", [b"Ada\r\n", b"GET / HTTP/1.1\r\n", b"\x00"])
def test_who_speaks_no_tls_is_told_so(
    open_port: Open, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    entry = open_port(secure=True)
    sock = entry.come(CLIENT, data)
    assert receive(sock) == NO_TLS
    assert f"{CLIENT} does not speak TLS, which this port does" in caplog.text
    sock.sendall(b"more")
    settle(entry.loop)
    assert entry.gate.taken == 1, "it holds a descriptor still"
    sock.close()
    settle(entry.loop)
    assert (len(entry.vestibule), entry.gate.taken) == (0, 0)


def test_a_telnet_that_waits_for_the_server_is_told_when_its_time_is_up(open_port: Open) -> None:
    entry = open_port(secure=True)
    sock = entry.come(CLIENT)
    entry.wait(TIMEOUT + 0.1)
    assert receive(sock) == NO_TLS
    entry.wait(LINGER + 0.1)
    assert (len(entry.vestibule), entry.gate.taken) == (0, 0)


@pytest.mark.parametrize("data", [b"", b"PROXY TCP4"])
def test_half_a_header_is_not_held_for_ever(open_port: Open, data: bytes) -> None:
    entry = open_port()
    sock = entry.come(PROXY, data) if data else entry.come(PROXY)
    entry.wait(TIMEOUT + 0.1)
    assert len(entry.vestibule) == 0
    assert sock.recv(1) == b""


def test_who_goes_before_gives_the_place_back(open_port: Open) -> None:
    entry = open_port(secure=True)
    sock = entry.come(CLIENT)
    assert entry.gate.taken == 1
    sock.close()
    settle(entry.loop)
    assert (len(entry.vestibule), entry.gate.taken) == (0, 0)


def test_those_without_a_place_are_bounded_apart(open_port: Open) -> None:
    entry = open_port(secure=True, limits=Limits(max_members=1))
    entry.come(CLIENT)
    full = [entry.connect(CLIENT)[1] for _ in range(3)]
    assert [each.closed for each in full] == [True, False, False]
    other = entry.connect("192.0.2.8")[1]
    assert [each.closed for each in (*full, other)] == [True, True, False, False]
    unknown = [entry.connect(PROXY)[1] for _ in range(4)]
    assert [each.closed for each in unknown] == [True, False, False, False]
    settle(entry.loop)
    assert len(entry.vestibule) == 6


def test_those_whom_a_proxy_has_named_are_bounded_as_if_they_had_come_themselves(
    open_port: Open,
) -> None:
    entry = open_port(secure=True, limits=Limits(max_per_address=1))
    guests = [entry.connect(PROXY, HEADER)[1] for _ in range(5)]
    settle(entry.loop)
    assert [each.closed for each in guests] == [False, True, True, False, False]
    assert (len(entry.vestibule), entry.gate.taken) == (3, 1)


@pytest.mark.parametrize(("address", "data"), [(CLIENT, HELLO), (PROXY, HEADER + HELLO)])
def test_a_door_that_fails_costs_its_connection_and_no_place(
    open_port: Open, address: str, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    entry = open_port(secure=True, fails=True)
    sock = entry.come(address, data)
    assert "on purpose" in caplog.text
    assert (len(entry.vestibule), entry.gate.taken) == (0, 0)
    assert receive(sock) == b""
