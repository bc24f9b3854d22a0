from __future__ import annotations

import logging

import pytest

from examples.chatroom.password_pool import on_threads
from examples.chatroom.people.names import Refused
from miniloop import EventLoop, ThreadPool


def test_an_answer_comes_back_on_the_loop() -> None:
    answers: list[bool] = []
    with EventLoop() as loop:
        run = on_threads(ThreadPool(loop, threads=1))
        run(lambda: True, answers.append)
        run(lambda: False, answers.append)
        assert answers == []
        loop.run()
    assert answers == [True, False]


def test_what_fails_is_a_no_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[bool] = []

    def fail() -> bool:
        raise MemoryError("no 32 MiB left")

    with EventLoop() as loop, caplog.at_level(logging.ERROR, "chatroom"):
        on_threads(ThreadPool(loop, threads=1))(fail, answers.append)
        loop.run()
    assert answers == [False]
    assert "could not be checked" in caplog.text


def test_a_full_queue_is_refused_politely() -> None:
    answers: list[bool] = []
    with EventLoop() as loop:
        run = on_threads(ThreadPool(loop, threads=1, max_queued=0))
        pool_is_full = False
        for _ in range(3):
            try:
                run(lambda: True, answers.append)
            except Refused as refusal:
                pool_is_full = "please try again" in str(refusal)
        assert pool_is_full
        loop.run()
