"""Dispatchers in the loops of asyncio, uvloop, Twisted and Tk: one thread, no polling, no loss."""

import asyncio
import importlib.util
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from miniloop import AsyncChat, AsyncioGuest, EventLoop, Listener, Trace
from miniloop.trace import install
from tests.driving import Lines, pair

ROOT = Path(__file__).resolve().parent.parent.parent
MESSAGES = 10_000
LONGEST = 60.0  # seconds until a lost wake-up is a failure; a healthy run takes one or two


class Steps(Trace):
    """Counts the passes, and sees that none of them waits."""

    def __init__(self) -> None:
        self.count = 0

    def before_wait(self, timeout: float | None) -> None:
        assert timeout == 0
        self.count += 1


class Echo(Lines):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


Main = Callable[[EventLoop, Steps], Coroutine[Any, Any, None]]


def start(main: Main) -> None:
    """Run ``main(loop, steps)`` in asyncio, the loop being its guest."""
    asyncio.run(hosted(main))


async def hosted(main: Main) -> None:
    steps = Steps()
    with EventLoop() as loop:
        install(loop, steps)
        async with AsyncioGuest(loop, asyncio.get_running_loop()):
            await asyncio.wait_for(main(loop, steps), LONGEST)
            before = steps.count
            await asyncio.sleep(0.05)
            assert steps.count <= before + 3, "it polls"


async def a_message_at_a_time(loop: EventLoop, steps: Steps) -> None:
    """A coroutine pushes from outside of any step, and awaits the answer that a handler gets."""
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    class Asks(Lines):
        def handle_line(self, line: bytes) -> None:
            answers.put_nowait(line)

    with pair() as (ours, theirs):
        asks, echo = Asks(loop, ours), Echo(loop, theirs)
        await asyncio.sleep(0.01)
        before = steps.count
        for number in range(MESSAGES):
            asks.push(b"%d\n" % number)
            assert await answers.get() == b"%d" % number
        # Each message makes four things happen: it leaves, arrives, is answered, the answer comes.
        assert steps.count - before <= 5 * MESSAGES
        asks.close()
        echo.close()


async def many_at_once(loop: EventLoop, steps: Steps) -> None:
    """asyncio's streams talk to a server of dispatchers over TCP; bursts cost few steps."""
    listener = Listener(loop, ("127.0.0.1", 0), Echo)
    reader, writer = await asyncio.open_connection(*listener.address[:2])

    async def send() -> None:
        for number in range(MESSAGES):
            writer.write(b"%d\n" % number)
            if number % 1000 == 0:
                await writer.drain()

    sending = asyncio.create_task(send())
    for number in range(MESSAGES):
        assert await reader.readline() == b"%d\n" % number
    await sending
    assert steps.count < MESSAGES
    writer.close()
    await writer.wait_closed()
    listener.close()


async def dispatcher_asks_a_coroutine(loop: EventLoop, steps: Steps) -> None:
    """The other way round: a miniloop client, a server of asyncio's streams."""
    done = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    class Client(Lines):
        def handle_connect(self) -> None:
            self.push(b"0\n")

        def handle_line(self, line: bytes) -> None:
            if int(line) + 1 < MESSAGES:
                self.push(b"%d\n" % (int(line) + 1))
            else:
                done.set_result(None)
                self.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        client = Client(loop)
        client.create_socket()
        client.connect(server.sockets[0].getsockname())
        await done
    assert [int(line) for line in client.lines] == [*range(MESSAGES)]


async def timers(loop: EventLoop, steps: Steps) -> None:
    """Ours wake asyncio, one after the other and all at their time."""
    done = asyncio.get_running_loop().create_future()
    times: list[float] = []
    began = loop.time()
    for number in (3, 1, 2):
        loop.call_later(number / 100, lambda: times.append(loop.time() - began))
    loop.call_later(0.04, done.set_result, None)
    await done
    assert times == sorted(times)
    assert all(time >= number / 100 for number, time in enumerate(times, 1))
    assert steps.count < 20


async def threads(loop: EventLoop, steps: Steps) -> None:
    """A wake-up from another thread is never lost either."""
    for number in range(300):
        done = asyncio.get_running_loop().create_future()
        await asyncio.to_thread(loop.call_soon_threadsafe, done.set_result, number)
        assert await done == number


ALL: list[Main] = [
    a_message_at_a_time, many_at_once, dispatcher_asks_a_coroutine, timers, threads,
]  # fmt: skip


@pytest.mark.parametrize("main", ALL, ids=lambda main: main.__name__)
def test_asyncio(main: Main) -> None:
    start(main)


@pytest.mark.parametrize("main", ALL, ids=lambda main: main.__name__)
def test_uvloop(main: Main) -> None:
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(hosted(main))


def test_leaving_the_block_sends_what_is_queued() -> None:
    async def main() -> bytes:
        with EventLoop() as loop, pair() as (ours, theirs):
            reader, writer = await asyncio.open_connection(sock=theirs)
            reading = asyncio.create_task(reader.read())
            async with AsyncioGuest(loop, asyncio.get_running_loop()) as guest:
                chat = AsyncChat(loop, ours)
                chat.push(b"x" * 10_000_000)
            assert guest.closed
            assert chat.closed
            await guest.stop()
            await guest.ended()
            data = await reading
            writer.close()
            await writer.wait_closed()
            return data

    assert len(asyncio.run(main())) == 10_000_000


def test_cancelled_while_leaving() -> None:
    async def main() -> None:
        with EventLoop() as loop, pair() as (ours, _):
            guest = AsyncioGuest(loop, asyncio.get_running_loop())
            leaving = asyncio.Event()
            loop.on_stop(leaving.set)

            async def stay() -> None:
                async with guest:
                    AsyncChat(loop, ours).push(b"x" * 10_000_000)  # nobody reads it

            task = asyncio.create_task(stay())
            await leaving.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert guest.closed

    asyncio.run(main())


@pytest.mark.parametrize("first", ["asyncio", "miniloop"])
def test_signal_handlers_of_both(first: str) -> None:
    async def main() -> list[str]:
        seen: asyncio.Queue[str] = asyncio.Queue()
        host = asyncio.get_running_loop()
        steps = Steps()
        with EventLoop() as loop:
            install(loop, steps)
            async with AsyncioGuest(loop, host):
                if first == "asyncio":
                    host.add_signal_handler(signal.SIGUSR1, seen.put_nowait, "asyncio")
                loop.add_signal_handler(signal.SIGUSR2, seen.put_nowait, "miniloop")
                if first == "miniloop":
                    host.add_signal_handler(signal.SIGUSR1, seen.put_nowait, "asyncio")
                while not steps.count:  # the first step; what follows must make its own
                    await asyncio.sleep(0)
                for number in (signal.SIGUSR1, signal.SIGUSR2):
                    signal.raise_signal(number)
                got = [await asyncio.wait_for(seen.get(), LONGEST) for _ in range(2)]
            host.remove_signal_handler(signal.SIGUSR1)
        return got

    assert sorted(asyncio.run(main())) == ["asyncio", "miniloop"]
    assert signal.set_wakeup_fd(-1) == -1


# -- Twisted and Tk, each in a process of its own, because their loops cannot start twice ---------


def run(program: str, *arguments: str) -> str:
    """Run a program that must succeed without a word to stderr; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=LONGEST,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


TWISTED = """
import sys, warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what Twisted does to newer Pythons is not our concern
    import importlib
    importlib.import_module("twisted.internet." + sys.argv[1]).install()
    from twisted.internet import reactor
    from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
    from twisted.protocols.basic import LineOnlyReceiver
from miniloop import EventLoop, Listener, TwistedGuest
from miniloop.trace import install
from tests.integration.test_guest import Echo, MESSAGES, Steps

class Client(LineOnlyReceiver):
    delimiter = b"\\n"
    got = 0
    def connectionMade(self):
        self.sendLine(b"0")
    def lineReceived(self, line):
        if self.got == MESSAGES:
            print("from outside:", line.decode())
            loop.stop()
            return
        assert int(line) == self.got
        self.got += 1
        if self.got < MESSAGES:
            self.sendLine(b"%d" % self.got)
        else:
            assert steps.count <= 3 * MESSAGES
            reactor.callLater(0.01, self.rest)
    def rest(self):
        reactor.callLater(0.1, self.look, steps.count)
    def look(self, before):
        print("messages", self.got, "steps while idle", steps.count - before)
        served[0].push(b"no step is in progress\\n")

def serve(loop, sock):
    served.append(Echo(loop, sock))

served, steps, closed = [], Steps(), []
with EventLoop() as loop:
    install(loop, steps)
    guest = TwistedGuest(loop, reactor, on_end=reactor.stop)
    listener = Listener(loop, ("127.0.0.1", 0), serve)
    connectProtocol(TCP4ClientEndpoint(reactor, *listener.address), Client())
    loop.call_later(0.01, print, "timer")
    reactor.callLater(60, reactor.crash)
    reactor.run()
    assert guest.closed and served[0].closed
"""

needs_twisted = pytest.mark.skipif(
    importlib.util.find_spec("twisted") is None, reason="Twisted is not installed"
)


@needs_twisted
@pytest.mark.parametrize("reactor", ["epollreactor", "pollreactor", "selectreactor"])
def test_twisted(reactor: str) -> None:
    said = run(TWISTED, reactor)
    assert sorted(said.splitlines()) == [
        "from outside: no step is in progress",
        f"messages {MESSAGES} steps while idle 0",
        "timer",
    ]


@needs_twisted
def test_reactor_that_stops_takes_the_guest_along() -> None:
    said = run("""
from twisted.internet import reactor
from miniloop import EventLoop, TwistedGuest
with EventLoop() as loop:
    guest = TwistedGuest(loop, reactor)
    loop.call_later(0.01, reactor.stop)
    loop.call_later(60, print)
    reactor.run()
    print(guest.closed)
""")
    assert said == "True\n"


@needs_twisted
def test_program_of_the_howto_for_twisted() -> None:
    page = (ROOT / "docs/howto/live-inside-another-loop.md").read_text()
    programs = [text for text in re.findall(r"^```py\n(.*?)^```", page, re.M | re.S)
                if "reactor.run()" in text]  # fmt: skip
    assert [run(program) for program in programs] == ["Twisted got b'hello from miniloop'\n"]


def test_the_package_does_not_import_what_it_visits() -> None:
    said = run("import sys, miniloop; print([n for n in ('asyncio', 'twisted', 'tkinter') "
               "if n in sys.modules])")  # fmt: skip
    assert said == "[]\n"
