"""Only the loop's thread touches channels."""

import threading

from miniloop import EventLoop
from tests.driving import Lines, pair, receive, run_until


def test_another_thread_is_refused_and_has_a_door_of_its_own(loop: EventLoop) -> None:
    errors: list[str] = []
    arrived: list[bytes] = []

    with pair() as (ours, theirs):
        channel = Lines(loop, ours)

        def intrude() -> None:
            entered.wait(10)
            for step in (
                lambda: channel.push(b"x"),
                channel.close,
                channel.pause_reading,
                lambda: loop.call_soon(print),
                lambda: loop.call_later(1, print),
                lambda: loop.run_once(0),
            ):
                try:
                    step()
                except RuntimeError as error:
                    errors.append(str(error))
            loop.call_soon_threadsafe(arrived.append, b"handed over")

        entered = threading.Event()
        thread = threading.Thread(target=intrude)
        thread.start()
        loop.call_soon(loop.call_soon, entered.set)
        run_until(loop, lambda: arrived)
        thread.join()
        assert receive(theirs) == b""
    assert len(errors) == 6
    assert sum("call_soon_threadsafe()" in error for error in errors) == 5
