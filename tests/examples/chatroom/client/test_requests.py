from __future__ import annotations

from examples.chatroom.client.requests import MOST, Request, Requests, spoken


def sent(requests: Requests) -> list[tuple[int, object]]:
    """Send all pending requests, and return numbers and texts."""
    found = []
    while (request := requests.unsent()) is not None:
        request.sent = request.ever_sent = True
        found.append((request.n, request.body.get("text", request.body["do"])))
    return found


def filled(*lines: str) -> Requests:
    requests = Requests()
    for line in lines:
        assert requests.add(spoken(line, "lobby"))
    return requests


def test_numbers_grow_without_gaps() -> None:
    requests = filled("a", "b")
    assert sent(requests) == [(1, "a"), (2, "b")]
    requests.receipt(1)
    requests.add(spoken("c", "lobby"))
    assert sent(requests) == [(3, "c")]
    assert requests.next_number() == 4


def test_a_page_does_not_wait_for_a_paste() -> None:
    requests = filled("a", "b", "c")
    first = requests.unsent()
    assert first is not None
    first.sent = True
    requests.add({"do": "page", "room": "lobby", "before": 9})
    assert requests.lines == 2
    assert sent(requests) == [(2, "page"), (3, "b"), (4, "c")]


def test_speech_has_a_nonce_of_its_own_and_commands_have_none() -> None:
    nonces = [spoken(text, "lobby").get("nonce") for text in ("a", "a", "/me waves", "//x")]
    assert None not in nonces
    assert len(set(nonces)) == 4
    assert all(
        "nonce" not in spoken(text, "lobby") for text in ("/msg bob x", " /topic x", "/mend")
    )


def test_after_a_short_loss_what_is_not_done_is_sent_again() -> None:
    requests = filled("a", "b", "c")
    sent(requests)
    requests.resume(1, fresh=False)
    assert sent(requests) == [(2, "b"), (3, "c")]
    for number in (1, 2, 3):  # the receipt of the first one comes again
        requests.receipt(number)
    assert requests.unsent() is None


def test_where_the_events_are_lost_what_is_done_is_forgotten() -> None:
    requests = filled("a", "b")
    sent(requests)
    requests.resume(1, fresh=True)
    assert sent(requests) == [(2, "b")]


def test_a_new_seat_gets_what_may_be_sent_twice_or_was_never_sent() -> None:
    requests = filled("said", "/topic x")
    sent(requests)
    requests.add(spoken("/who", "lobby"))
    lost = requests.restart()
    requests.add_first([{"do": "join", "room": "dev"}])
    assert [each.body["text"] for each in lost] == ["/topic x"]
    assert sent(requests) == [(1, "join"), (2, "said"), (3, "/who")]


def test_a_line_that_the_server_cannot_take_is_given_up() -> None:
    requests = filled("long", "short")
    assert requests.give_up() is None
    first = requests.unsent()
    assert first is not None
    first.sent = True
    given_up = requests.give_up()
    assert isinstance(given_up, Request)
    assert given_up.body["text"] == "long"


def test_no_more_waits_than_a_bound() -> None:
    requests = Requests()
    assert all(requests.add({"do": "say", "text": ""}) for _ in range(3))
    requests._queue *= MOST // 3 + 1
    assert not requests.add(spoken("one more", "lobby"))
