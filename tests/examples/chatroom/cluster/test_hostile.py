"""A client with the engine's password can write anything; none of it harms a node."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.chatroom.hall.messages import Kind

from .nodes import cluster, said
from .test_bodies import JSON, KEYS

KINDS = st.sampled_from(
    [
        "member",
        "away",
        "room",
        "topic",
        "lock",
        "forget_room",
        "sanction",
        "lift",
        "gone",
        "said",
        "acted",
        "joined",
        "left",
        "renamed",
        "operator",
        "locked",
        "unlocked",
        "forget",
        "clear",
        "whisper",
        "notice",
        "dismiss",
        "closing",
        "farewell",
    ]
)
FEEDS = st.sampled_from(["hall", "room:lobby", "node:a"])


@given(st.lists(st.tuples(FEEDS, KINDS, st.dictionaries(KEYS, JSON, max_size=4)), max_size=8))
@settings(max_examples=60)
def test_nonsense_is_skipped_and_the_node_goes_on(
    entries: list[tuple[str, str, dict[str, object]]],
) -> None:
    town = cluster("a")
    ann = town.enter("a", "ann")
    for feed, do, body in entries:
        town.world.add(feed, {**body, "do": do}, "", {"member/x/1": body, f"{do}/x": body})
    town.settle()
    town.start("b")
    town.types(ann, "still here")
    assert said(ann) == [("ann", "still here")]


@pytest.mark.parametrize("field", ["text", "sender", "name"])
def test_a_line_that_is_no_line_is_not_shown(field: str) -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    town.types(bob, "good")
    good = next(e for e in town.world.feeds["room:lobby"].entries if e.body.get("text") == "good")
    town.world.add("room:lobby", {**good.body, field: ["no", "text"]}, "", {})
    town.world.add("room:lobby", {**good.body, "text": "a\x1b[2Jb"}, "", {})
    town.settle()
    assert said(ann) == [("bob", "good"), ("bob", "a[2Jb")]
    assert town.servers["a"].node.figures()["senseless"] == 1
    assert Kind.CLOSING not in ann.screen.kinds()
