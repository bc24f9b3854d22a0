"""The table of commands, from which /help is made.

Rule of this file: read arguments and word answers; the hall makes the changes.
A command that cannot be run raises `Refused` with one sentence, which its caller shows.
"""

from __future__ import annotations

from ..hall.hall import Hall
from ..hall.members import Member, Words
from ..hall.messages import Moment
from ..hall.room import Room, here
from ..people.names import Refused, fold
from ..people.text import shorten
from .moderation import MODERATION
from .request import Command, Request


def obey(hall: Hall, member: Member, line: str, now: Moment, nonce: str = "") -> None:
    """Run the command in `line`, which begins with a slash; for `nonce` see `AddMessage`.

    Raises:
        Refused: The command is unknown or cannot be run; nothing has changed.
    """
    word, _, rest = line[1:].partition(" ")
    command = COMMANDS.get(word.lower())
    if command is None:
        raise Refused(f"Unknown command /{shorten(word, 20)}; /help lists them all.")
    command.run(Request(hall, member, rest.strip(), now, nonce))


def _help(request: Request) -> None:
    for command in COMMANDS.values():
        if request.member.operator or not command.restricted:
            request.answer(f"{command.usage}: {command.help}")
    request.answer("//text: say a line that begins with a slash")
    if not request.member.roaming:  # a member that is in several rooms uses a browser
        request.answer("Ctrl-], then quit: leave a telnet that is stuck")
        request.answer("nc, in place of telnet: for accents, which some telnets spoil (macOS, BSD)")


def _who(request: Request) -> None:
    for room in request.hall.rooms:
        if room.members and (not room.lock or _sees_inside(request.member, room)):
            people = ", ".join(_with_idle(each, request.now) for each in room.members)
            request.answer(f"{room.name.shown}: {people}")


def _sees_inside(member: Member, room: Room) -> bool:
    return member in room.members or member.operator


def _with_idle(member: Member, now: Moment) -> str:
    minutes = int((now.mono - member.heard) // 60)
    idle = minutes and not member.node  # input at another server is not known here
    return f"{member.shown} (idle {minutes} min)" if idle else member.shown


def _look(request: Request) -> None:
    request.hall.notifier.look(request.member, here(request.member), 0)


def _me(request: Request) -> None:
    text = COMMANDS["me"].need(request.rest)
    request.hall.speech.act(request.member, text, request.now, request.nonce)


def _msg(request: Request) -> None:
    to, _, text = request.rest.partition(" ")
    text = COMMANDS["msg"].need(text.strip())
    hall = request.hall
    hall.speech.whisper(request.member, hall.names.find(to), text, request.now)


def _join(request: Request) -> None:
    room, _, key = COMMANDS["join"].need(request.rest).partition(" ")
    request.hall.membership.join(request.member, room, request.now, key.strip())


def _leave(request: Request) -> None:
    request.hall.membership.leave(request.member, here(request.member), request.now)


def _rooms(request: Request) -> None:
    request.hall.membership.list_rooms(request.member)


def _topic(request: Request) -> None:
    if request.rest:
        request.hall.set_topic(request.member, request.rest, request.now)
    else:
        topic = here(request.member).topic_for(request.member)
        request.answer(f"Topic: {topic or '(none)'}")


def _nick(request: Request) -> None:
    request.hall.rename(request.member, COMMANDS["nick"].need(request.rest), request.now)


def _ignore(request: Request) -> None:
    member, key = request.member, fold(request.rest)
    if not key:
        now_called = {each.shown for each in member.shunned}
        names = ", ".join(sorted(member.ignored | now_called))
        request.answer(f"You ignore: {names or 'nobody'}.")
    elif member.ignores(key):
        member.ignored.discard(key)
        # By the present or the ignored name: the member is heard again under both.
        member.shunned = {
            each: by for each, by in member.shunned.items() if key not in (by, fold(each.shown))
        }
        request.answer(f"You hear {request.rest} again.")
    else:
        _begin_to_ignore(request)


def _begin_to_ignore(request: Request) -> None:
    target = request.hall.names.find(request.rest)
    if target is request.member:
        raise Refused("You cannot ignore yourself.")
    if len(request.member.ignored) >= request.hall.limits.max_ignored:
        raise Refused("You ignore as many as you may; /ignore NAME hears one of them again.")
    request.member.ignored.add(fold(target.shown))
    request.answer(f"You ignore {target.shown}; the same command hears them again.")


def _history(request: Request) -> None:
    count = int(request.rest) if request.rest.isdecimal() and len(request.rest) < 10 else 0
    if request.rest and not count:
        COMMANDS["history"].need("")
    _look_back(request)
    most = request.hall.limits.history_page
    request.hall.archive.page(request.member, here(request.member), 0, count or most)


def _look_back(request: Request) -> None:
    if not request.hall.archive.admits(request.member, request.now):
        raise Refused("Too much is looked up from your address; please wait a moment.")


def _search(request: Request) -> None:
    words = COMMANDS["search"].need(request.rest)
    _look_back(request)
    request.hall.archive.search(request.member, here(request.member), words)


def _quit(request: Request) -> None:
    hall, member, now = request.hall, request.member, request.now
    speaks = request.rest and hall.sanctions.has_voice(member, now.age)
    words = Words(member, request.rest) if speaks else None
    hall.dismiss(member, "Goodbye.", "quit", now, words)


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command("help", "/help", "show this list", _help),
        Command("who", "/who", "show who is here, room by room", _who),
        Command("look", "/look", "show your room, its topic and its people", _look),
        Command("me", "/me ACTION", "do something: '/me waves'", _me),
        Command("msg", "/msg NAME TEXT", "say something to one person alone", _msg),
        Command(
            "join",
            "/join ROOM [KEY]",
            "go to a room; a new one is made, closed if you give a key",
            _join,
        ),
        Command("leave", "/leave", "leave your room, at last for the lobby", _leave),
        Command("rooms", "/rooms", "show all rooms", _rooms),
        Command("topic", "/topic [TEXT]", "show or set the topic of your room", _topic),
        Command("nick", "/nick NAME", "change your name", _nick),
        Command("ignore", "/ignore [NAME]", "stop or resume hearing somebody", _ignore),
        Command("history", "/history [LINES]", "show what was said before", _history),
        Command("search", "/search WORDS", "find what was said in your room", _search),
        Command("quit", "/quit [REASON]", "leave the chat room", _quit),
        *MODERATION,
    )
}
