"""The page's parts that use neither page nor network, each by itself, in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.browser import Page, browsers, visit
from tests.integration.chatroom_process import Server
from tests.integration.page_modules import use


@pytest.fixture(scope="module")
def page(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    server = Server(Path(tmp_path_factory.mktemp("parts")))
    try:
        for page in visit(browsers(pytestconfig, 1)[0]):
            page.open(server.web_port)
            yield page
    finally:
        server.stop()


def test_requests_are_numbered_on_after_a_resume(page: Page) -> None:
    script = """
    const requests = new Requests(), done = [];
    for (const text of 'abcde') requests.add({do: 'say', text}, () => done.push(text));
    requests.queue.forEach((each) => (each.sent = each.everSent = true));
    requests.receipt(1);
    requests.receipt(99);
    requests.resume(3, false);  // b and c are done, their receipts are on the way
    const again = requests.queue.filter((each) => !each.sent).map(({n, body}) => [n, body.text]);
    requests.receipt(2);
    requests.receipt(3);
    requests.resume(4, true);   // d is done, its receipt is lost
    return [again, done.join(''), requests.queue.map(({n, body}) => [n, body.text]), requests.next];
    """
    assert use(page, "Requests from requests", script) == [
        [[4, "d"], [5, "e"]],
        "abcd",
        [[5, "e"]],
        6,
    ]


def test_a_new_seat_gets_only_what_may_be_said_twice(page: Page) -> None:
    script = """
    const requests = new Requests();
    requests.add({do: 'page', room: 'lobby', before: 0});
    requests.add({do: 'say', text: 'hello'});
    requests.add({do: 'say', text: '/kick Bob'});
    requests.add({do: 'whisper', to: 'Bob', text: 'sent'});
    requests.queue.forEach((each) => (each.sent = each.everSent = true));
    requests.add({do: 'whisper', to: 'Bob', text: 'never sent'});
    const lost = requests.restart().map(({body}) => body.text ?? body.do);
    requests.addFirst([{do: 'join', room: 'kitchen', key: ''}]);
    return [lost, requests.queue.map(({n, sent, body}) => [n, sent, body.text ?? body.do])];
    """
    lost, kept = use(page, "Requests from requests", script)
    assert lost == ["page", "/kick Bob", "sent"]
    assert kept == [[1, False, "join"], [2, False, "hello"], [3, False, "never sent"]]


def test_the_pace_is_slower_than_the_servers_limit(page: Page) -> None:
    script = """
    const pace = new Pace(3, 2);
    const times = [];
    for (let now = 1000, count = 0; count < 7; ) {
      const wait = pace.take(now);
      if (wait) now += wait; else { times.push(now); count += 1; }
    }
    return times;
    """
    assert use(page, "Pace from pace", script) == [1000, 1000, 1000, 1500, 2000, 2500, 3000]


def test_pages_and_news_are_put_in_order_and_none_twice(page: Page) -> None:
    script = """
    const room = new Conversation('lobby', false);
    room.catchUp(messages(51, 60), true);
    room.addNew({kind: 'joined', sender: 'Eve', at: 1060});
    messages(60, 62).forEach((each) => room.addNew(each));
    room.addPage({before: 51, messages: messages(41, 52), more: true});
    room.addPage({before: 41, messages: messages(1, 40), more: false});
    return [ids(room), room.more];
    """
    ids, more = use(page, "Conversation from conversation", script)
    assert ids == [*range(1, 61), 0, 61, 62]
    assert more is False


def test_a_page_of_ignored_people_is_passed_by(page: Page) -> None:
    script = """
    const room = new Conversation('lobby', false);
    room.catchUp(messages(91, 100), true);
    const asked = [room.backId];
    for (const next of [60, 30]) {
      room.addPage({before: room.backId, messages: [], more: true, next});
      asked.push(room.backId, room.more);
    }
    room.addPage({before: 30, messages: messages(20, 29), more: false});
    return [asked, room.backId, room.more, ids(room)];
    """
    asked, back, more, ids = use(page, "Conversation from conversation", script)
    assert asked == [91, 60, True, 30, True]
    assert (back, more) == (20, False)
    assert ids == [*range(20, 30), *range(91, 101)]


def test_what_is_forgotten_is_shown_no_more(page: Page) -> None:
    script = """
    const room = new Conversation('lobby', false);
    room.catchUp(messages(1, 5), false);
    room.forget(3);
    room.forget(9);
    room.replaceBy({before: 3, messages: messages(1, 2), more: false});
    messages(6, 8).forEach((each) => room.addNew(each));
    room.forget(7);
    room.replaceBy({before: 0, messages: messages(4, 5), more: true});
    return ids(room);
    """
    assert use(page, "Conversation from conversation", script) == [4, 5, 6, 8]


def test_the_server_has_a_message_forgotten_here_too(page: Page) -> None:
    script = """
    const chat = new Chat(() => {});
    chat.apply({kind: 'room', room: 'lobby', topic: '', closed: false, people: [], recent: [],
                more: false});
    messages(1, 3).forEach((each) => chat.apply(each));
    chat.apply({kind: 'forgotten', id: 2});
    const found = {kind: 'found', room: 'lobby', query: 't', more: true, total: 30};
    chat.apply({...found, before: 0, messages: messages(21, 23)});
    chat.apply({...found, before: 9, messages: messages(1, 3)});  // of a question given up
    chat.apply({...found, before: 21, messages: messages(18, 20)});
    chat.apply({...found, before: 18, messages: [], next: 7});  // all of people who are ignored
    chat.apply({...found, before: 7, messages: messages(5, 6), more: false});
    chat.apply({kind: 'forgotten', id: 22});
    const {total, more} = chat.found;
    return [ids(chat.rooms[0]), chat.found.messages.map((each) => each.id), total, more];
    """
    shown, found, total, more = use(page, "Chat from chat", script)
    assert shown == [1, 3]
    assert (found, total, more) == ([5, 6, 18, 19, 20, 21, 23], 29, False)


def test_a_gap_is_closed_page_by_page(page: Page) -> None:
    script = """
    const room = new Conversation('lobby', false);
    room.catchUp(messages(1, 10), false);
    room.stale = true;
    const asked = [];
    let before = room.catchUp(messages(91, 100), true);
    while (before !== null) {
      asked.push(before);
      before = room.addPage({before, messages: messages(before - 30, before - 1), more: true});
    }
    room.addNew(messages(101, 101)[0]);
    return [asked, ids(room)];
    """
    asked, ids = use(page, "Conversation from conversation", script)
    assert asked == [91, 61, 31]
    assert ids == [*range(1, 102)]


def test_what_is_held_is_bounded(page: Page) -> None:
    script = """
    const room = new Conversation('lobby', false);
    messages(1, 5000).forEach((each) => { room.addNew(each); room.trim(true); });
    const following = [room.items.length, room.items.at(-1).id, room.more, room.byId.size];
    messages(5001, 9000).forEach((each) => { room.addNew(each); room.trim(false); });
    return [following, room.items.length, room.detached, room.aside.length];
    """
    following, held, detached, aside = use(page, "Conversation from conversation", script)
    assert 1000 <= following[0] <= 1100
    assert following[1:] == [5000, True, following[0]]
    assert held <= 3100
    assert detached is True
    assert aside <= 200


def test_a_page_that_was_not_asked_for_is_not_taken(page: Page) -> None:
    script = """
    const chat = new Chat(() => {});
    chat.apply({kind: 'room', room: 'lobby', people: [], recent: messages(90, 99), more: true});
    chat.apply({kind: 'page', room: 'lobby', before: 50, messages: messages(1, 49), more: false});
    const kinds = ['said', 'page', 'joined', 'parted', 'renamed', '__proto__', 'constructor'];
    for (const kind of kinds) {
      chat.apply({kind, room: '__proto__', sender: 'Eve', text: 'x', before: 0, messages: []});
    }
    chat.visit(1);
    chat.apply({kind: 'page', room: 'lobby', before: 26, messages: messages(1, 25), more: false});
    chat.apply({kind: 'said', room: 'lobby', sender: 'Bob', text: 'new', at: 2000, id: 100});
    const visiting = [ids(chat.current), chat.current.detached];
    chat.visit(0);
    chat.apply({kind: 'page', room: 'lobby', before: 0, messages: messages(90, 99), more: true});
    return [visiting, ids(chat.current), [...chat.conversations.keys()]];
    """
    visiting, newest, keys = use(page, "Chat from chat", script)
    assert visiting == [[*range(1, 26)], True]
    assert newest == [*range(90, 101)]
    assert keys == ["room:lobby"]


def test_private_talk_follows_who_changes_the_name(page: Page) -> None:
    script = """
    const chat = new Chat(() => {});
    chat.me = 'Ada';
    const people = [{name: 'Ada'}, {name: 'Bob', operator: true}];
    chat.apply({kind: 'room', room: 'lobby', people, recent: [], more: false});
    chat.apply({kind: 'whispered', sender: 'Bob', recipient: 'Ada', text: 'hi', at: 1});
    chat.apply({kind: 'renamed', room: 'lobby', sender: 'Bob', text: 'Rob', at: 2});
    chat.apply({kind: 'whispered', sender: 'Rob', recipient: 'Ada', text: 'again', at: 3});
    chat.apply({kind: 'renamed', room: 'lobby', sender: 'Ada', text: 'Eve', at: 4});
    const [talk] = chat.privates;
    return [chat.me, talk.name, talk.unread, [...chat.current.people]];
    """
    me, name, unread, people = use(page, "Chat from chat", script)
    assert [me, name, unread] == ["Eve", "Rob", 2]
    assert people == [["Rob", True], ["Eve", False]]


def test_what_somebody_ignored_does_changes_lists_and_is_not_shown(page: Page) -> None:
    script = """
    const chat = new Chat(() => {});
    chat.me = 'Ada';
    const people = [{name: 'Ada'}, {name: 'Bob'}, {name: 'Eve'}];
    chat.apply({kind: 'room', room: 'lobby', topic: 'tea', people, recent: [], more: false});
    chat.apply({kind: 'whispered', sender: 'Eve', recipient: 'Ada', text: 'hi', at: 1});
    const quiet = {room: 'lobby', at: 2, quiet: true};
    chat.apply({...quiet, kind: 'renamed', sender: 'Eve', text: 'Buy'});
    chat.apply({...quiet, kind: 'topic', sender: 'Buy', text: ''});
    chat.apply({...quiet, kind: 'left', sender: 'Bob', text: ''});
    const items = [chat.current, ...chat.privates].flatMap((each) => each.items);
    return [chat.current.topic, [...chat.current.people.keys()], items.map((each) => each.text)];
    """
    assert use(page, "Chat from chat", script) == ["", ["Ada", "Buy"], ["hi"]]


def test_operators_are_marked_and_stand_first(page: Page) -> None:
    script = """
    const {Chat} = await import('/static/chat.js');
    const chat = new Chat(() => {});
    chat.me = 'Ada';
    const people = [{name: 'Ada'}, {name: 'Bob'}, {name: 'Zoe', operator: true}];
    chat.apply({kind: 'room', room: 'lobby', people, recent: [], more: false});
    chat.apply({kind: 'operator', room: 'lobby', sender: 'Bob', text: '', at: 1});
    showPeople(chat, () => {});
    const entries = [...document.querySelectorAll('#people-list button')];
    return entries.map((each) => [each.dataset.name, each.querySelector('.mark')?.textContent]);
    """
    marks = use(page, "showPeople from lists", script)
    assert marks == [["Bob", "operator"], ["Zoe", "operator"], ["Ada", "you"]]


def test_what_was_not_stored_says_so_and_notices_stand_apart(page: Page) -> None:
    script = """
    const {Conversation} = await import('/static/conversation.js');
    const {elementOf} = await import('/static/bodies.js');
    const room = new Conversation('lobby', false);
    const said = {kind: 'said', sender: 'Bob', at: 1000};
    room.addNew({...said, text: 'kept', id: 1});
    room.addNew({...said, text: 'lost', kept: false});
    room.addNew({kind: 'notice', text: 'Bob: not from Bob', at: 1000});
    room.addNew({...said, text: 'on the next day', at: 1000 + 86400});
    const rows = rowsOf(room, []);
    return [rows.map((row) => row.type), rows.map((row) => elementOf(row, 'Ada', {}).innerText)];
    """
    types, texts = use(page, "rowsOf from rows", script)
    assert types == ["edge", "day", "said", "said", "notice", "day", "said"]
    assert ["not kept" in text for text in texts] == [False] * 3 + [True] + [False] * 3
    assert texts[4] == "Bob: not from Bob"
