"""Seeds, jumps of the clock, and the messages of a run that fails."""

import math
import random
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniloop import Listener, ThreadPool
from miniloop.testing import GENTLE, HARSH, Faults, SimulatedLoop, SimulatedNetwork
from tests.driving import Lines


class Echo(Lines):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


def conversation(net: SimulatedNetwork, text: bytes = b"one\ntwo\nthree\n") -> bytes:
    with net.loop() as loop:
        Listener(loop, ("server", 1), Echo)
        peer = net.connect(("server", 1))
        peer.send(text)
        net.run_until(lambda: peer.received == text or peer.error)
        return peer.received


def log_of(seed: int, faults: Faults | None = None) -> list[str]:
    lines: list[str] = []
    conversation(SimulatedNetwork(seed, faults=faults, log=lines.append))
    return lines


@pytest.mark.parametrize("faults", [None, GENTLE, HARSH])
def test_the_same_seed_is_the_same_run(faults: Faults | None) -> None:
    for seed in range(10):
        assert log_of(seed, faults) == log_of(seed, faults)


def test_seeds_differ() -> None:
    assert len({"".join(log_of(seed)) for seed in range(20)}) == 20


def test_without_a_seed_any_is_taken() -> None:
    assert SimulatedNetwork().seed != SimulatedNetwork().seed


@given(st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_hypothesis_makes_the_choices(source: random.Random) -> None:
    assert conversation(SimulatedNetwork(source)) == b"one\ntwo\nthree\n"


def test_the_log_has_the_events_and_their_times() -> None:
    lines = log_of(1, GENTLE)
    assert any("server:1" in line and "connects" in line for line in lines)
    assert any("14 bytes b'one\\ntwo\\nthree\\n'" in line for line in lines)
    times = [float(line.split()[0]) for line in lines]
    assert times == sorted(times)


def fail_in_a_loop(net: SimulatedNetwork) -> None:
    with net.loop(), net.loop():
        raise ValueError("on purpose")


def test_a_failure_names_its_seed_once() -> None:
    with pytest.raises(ValueError, match="on purpose") as caught:
        fail_in_a_loop(SimulatedNetwork(77))
    assert [note for note in caught.value.__notes__ if "SimulatedNetwork(seed=77" in note]
    assert len(caught.value.__notes__) == 1


def test_what_does_not_happen_in_time() -> None:
    net = SimulatedNetwork(5)
    with net.loop() as loop:
        loop.call_later(1000, int)
        begun = net.now
        with pytest.raises(AssertionError, match=r"within 3 simulated seconds.*seed=5"):
            net.run_until(lambda: False, seconds=3)
        assert net.now - begun == pytest.approx(3, abs=0.01)
        net.run(2000)
        begun = net.now
        with pytest.raises(AssertionError, match="did not happen"):  # at once: nothing is left
            net.run_until(lambda: False, seconds=math.inf)
        assert net.now - begun < 1


def test_a_wait_without_end_is_an_error() -> None:
    net = SimulatedNetwork(1)
    with net.loop() as loop:
        Listener(loop, ("server", 1), Echo)
        with pytest.raises(RuntimeError, match="would wait for ever"):
            loop.run()


def test_what_spins_is_reported() -> None:
    net = SimulatedNetwork(1, max_steps=100)

    def again() -> None:
        loop.call_soon(again)

    with net.loop() as loop:
        again()
        for spin in (net.settle, lambda: net.run(9), lambda: net.run_until(lambda: False)):
            with pytest.raises(RuntimeError, match="something spins"):
                spin()


def test_a_loop_that_never_waits_does_not_stop_the_time() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    with net.loop() as loop:

        def again() -> None:
            if not peer.received:
                loop.call_soon(again)

        Listener(loop, ("server", 1), Echo)
        peer = net.connect(("server", 1))
        peer.send(b"x\n")
        again()
        net.run_until(lambda: peer.received)


def test_actions_of_the_test_run_at_their_times() -> None:
    net = SimulatedNetwork(1)
    begun, seen = net.now, list[object]()
    net.call_later(60, lambda: seen.append(net.now - begun))
    net.call_later(3600, seen.append, "later")
    net.run(100)
    assert seen == [60]


def test_settling_does_not_wait_for_timers() -> None:
    net = SimulatedNetwork(1)
    with net.loop() as loop:
        seen: list[str] = []
        loop.call_later(10, seen.append, "timer")
        loop.call_soon(seen.append, "callback")
        net.call_later(10, seen.append, "script")
        net.settle()
        assert seen == ["callback"]


def test_other_loops_go_on_while_one_runs() -> None:
    net = SimulatedNetwork(1)
    with net.loop() as server_loop, net.loop() as client_loop:
        Listener(server_loop, ("server", 1), Echo)
        client = Lines(client_loop)
        client.create_socket()
        client.connect(("server", 1))
        client.push(b"hello\n")
        client_loop.call_later(5, client.close)
        client_loop.run()  # ends with its last channel
        assert client.lines == [b"hello"]


def test_real_threads_take_no_simulated_time() -> None:
    net = SimulatedNetwork(1)
    with net.loop() as loop:
        begun, gate, seen = net.now, threading.Event(), list[object]()
        pool = ThreadPool(loop)
        loop.call_later(0.001, seen.append, "timer")
        pool.submit(gate.wait, 20, on_done=lambda job: seen.append(job.result()))
        threading.Timer(0.05, gate.set).start()
        net.run_until(lambda: len(seen) == 2)
        assert seen == [True, "timer"]
        assert net.now - begun < 1


def test_another_thread_wakes_a_loop() -> None:
    net = SimulatedNetwork(1)
    with net.loop() as loop:
        seen: list[str] = []
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(seen.append, "woken"))
        thread.start()
        thread.join()
        net.settle()
        assert seen == ["woken"]


def test_leaks_are_found() -> None:
    net = SimulatedNetwork(1)
    with net.loop() as loop:
        Listener(loop, ("server", 1), lambda loop, sock: kept.append(sock))
        kept: list[object] = []
        net.connect(("server", 1))
        net.settle()
    assert net.open_sockets == kept


def test_open_sockets_are_those_of_the_simulated_process() -> None:
    net = SimulatedNetwork(1)
    with net.loop() as loop:
        assert numbers(net) == []  # without the loop's waker
        listener = Listener(loop, ("server", 1), lambda loop, sock: sock.close())
        net.listen(("other", 1))
        net.connect(("other", 1))
        net.connect(("server", 1))
        listener.pause_reading()
        net.run(1)  # one connection waits in the backlog
        ours = listener.fileno()
        assert numbers(net) == [ours]
        left, right = net.socketpair()
        opened = [ours, left.fileno(), right.fileno()]
        assert numbers(net) == opened
        left.detach()
        assert numbers(net) == opened
        net.close_descriptor(opened[1])
        right.close()
        assert numbers(net) == [ours]


def numbers(net: SimulatedNetwork) -> list[int]:
    return [sock.fd for sock in net.open_sockets]


def test_a_closed_loop_is_forgotten() -> None:
    net = SimulatedNetwork(1)
    loop = net.loop()
    assert isinstance(loop, SimulatedLoop)
    loop.close()
    loop.close()
    net.run(1)
    assert net.kernel.descriptors.files == {}


def test_faults_may_change_on_the_way() -> None:
    net = SimulatedNetwork(1)
    net.faults = GENTLE
    assert net.faults is GENTLE
    assert conversation(net) == b"one\ntwo\nthree\n"


def test_it_is_quick() -> None:
    """Many seeds are the point of it: here a bound that only a mistake would pass."""
    begun = time.process_time()
    for seed in range(100):
        conversation(SimulatedNetwork(seed))
    assert (time.process_time() - begun) / 100 < 0.1
