"""The commands of operators and of the founders of rooms.

Rule of this file: read arguments, check permissions and word answers. The hall and its sanctions
make the changes.  Passwords and keys appear in no log and no answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import islice

from ..hall.locks import make_lock
from ..hall.members import Member, Words
from ..hall.room import Room, here
from ..people.names import Name, Refused
from ..people.sanction import BAN, MUTE, clock, sentence, subject_shown
from ..people.targets import Target, describe, meets, target_of
from .durations import split_duration
from .request import Command, Request

log = logging.getLogger("chatroom")

MOST_LISTED = 50


# Becoming an operator


def _oper(request: Request) -> None:
    hall, member, now = request.hall, request.member, request.now
    name, _, password = request.rest.partition(" ")
    password = _COMMANDS["oper"].need(password.strip())
    if member.operator:
        raise Refused("You are an operator already.")

    def answered(good: bool) -> None:
        if good and member.present and not member.operator:
            log.info("%s (%s) is an operator now.", member.shown, member.address)
            hall.promote(member, now)
            hall.notifier.notify(member, "You are an operator now.")
        elif not good:
            log.warning("%s (%s) tried to be an operator.", member.shown, member.address)
            if member.present:
                hall.notifier.notify(
                    member, "That is not the name and the password of an operator."
                )

    hall.doorkeeper.check(name, password, member.place.sources, now.mono, answered)


# Banning and kicking


def _kick(request: Request) -> None:
    raw, _, reason = _COMMANDS["kick"].need(request.rest).partition(" ")
    target = request.hall.names.find(raw)
    _refuse_kin(request, target)
    log.info("%s kicks %s (%s).", request.member.shown, target.shown, target.address)
    _show_out(request, target, "You were shown out", None, reason.strip())


def _ban(request: Request) -> None:
    raw, _, rest = _COMMANDS["ban"].need(request.rest).partition(" ")
    target = target_of(raw, request.hall.limits.max_name)
    duration, reason = split_duration(rest.strip())
    until = _impose(request, BAN, target, duration, reason)
    hits = [each for each in _met(request, target) if not each.operator]
    request.answer(sentence(f"{describe(target)} is banned", until, reason))
    for each in hits:
        _offer_address(request, target, each, "/ban {} bans the address too.")
        _show_out(request, each, "You are banned", until, reason)


def _unban(request: Request) -> None:
    _lift(request, BAN, "unban")


def _bans(request: Request) -> None:
    found = list(request.hall.sanctions.listed(request.now.age))
    for each in islice(found, MOST_LISTED):
        until = f"until {clock(each.until)}" if each.until is not None else "for ever"
        reason = f": {each.reason}" if each.reason else ""
        request.answer(f"{each.kind} {subject_shown(each)} {until} by {each.by}{reason}")
    if not found:
        request.answer("Nobody is banned or muted.")
    elif len(found) > MOST_LISTED:
        request.answer(f"... and {len(found) - MOST_LISTED} more.")


# Silencing


def _mute(request: Request) -> None:
    raw, _, rest = _COMMANDS["mute"].need(request.rest).partition(" ")
    target = target_of(raw, request.hall.limits.max_name)
    duration, reason = split_duration(rest.strip())
    _COMMANDS["mute"].need("" if reason else raw)  # a mute has no reason
    until = _impose(request, MUTE, target, duration, "")
    request.answer(sentence(f"{describe(target)} is muted", until, ""))
    for each in _met(request, target):
        if not each.operator:
            request.hall.notifier.notify(each, sentence("You are muted", until, ""))
            _offer_address(request, target, each, "/mute {} mutes the address too.")


def _unmute(request: Request) -> None:
    _lift(request, MUTE, "unmute")


# Rooms


def _lock(request: Request) -> None:
    key = _COMMANDS["lock"].need(request.rest)
    room = _own_room(request)
    request.hall.lock(room, make_lock(key), request.member, request.now)
    log.info("%s closes %s with a key.", request.member.shown, room.name.shown)
    request.answer(f"/join {room.name.shown} KEY lets people in; those who are here stay.")


def _unlock(request: Request) -> None:
    room = _own_room(request)
    if not room.lock:
        raise Refused(f"{room.name.shown} is open.")
    request.hall.lock(room, "", request.member, request.now)
    log.info("%s opens %s.", request.member.shown, room.name.shown)


def _forget(request: Request) -> None:
    what = _COMMANDS["forget"].need(request.rest)
    if what.isascii() and what.isdecimal():  # a room with a decimal name is found by "#123"
        _forget_message(request, int(what[:19]))
    else:
        _forget_room(request, what)


def _forget_message(request: Request, number: int) -> None:
    hall = request.hall
    log.info("%s has message %d forgotten.", request.member.shown, number)
    hall.order.forget_message(number)
    request.answer(f"There is no message {number} any more.")


def _forget_room(request: Request, name: str) -> None:
    hall, who = request.hall, request.member.shown
    room = hall.rooms.find(name)
    if room is hall.rooms.lobby:
        raise Refused("The lobby cannot be forgotten.")
    log.info("%s has %s forgotten.", who, room.name.shown)
    hall.order.forget_room(room, f"{who} has had the room forgotten.", request.now)
    request.answer(f"{room.name.shown} is forgotten, with all that was said there.")


# Inside


def _restricted(name: str, usage: str, words: str, run: Callable[[Request], None]) -> Command:
    """Return a command that only operators may run."""

    def checked(request: Request) -> None:
        if not request.member.operator:
            raise Refused("Only operators may do that; /oper NAME PASSWORD makes you one.")
        run(request)

    return Command(name, usage, words, checked, restricted=True)


def _own_room(request: Request) -> Room:
    room, member = here(request.member), request.member
    if room is request.hall.rooms.lobby:
        raise Refused("The lobby is open to all.")
    founded = member.name is not None and member.name.key == room.founder
    if not founded and not member.operator:
        raise Refused("Only who made the room, or an operator, may do that.")
    return room


def _refuse_kin(request: Request, target: Member) -> None:
    if target is request.member:
        raise Refused("That is you.")
    if target.operator:
        raise Refused(f"{target.shown} is an operator; only the server's owner can change that.")


def _impose(
    request: Request, kind: str, target: Target, duration: float | None, reason: str
) -> float | None:
    hall, who, now = request.hall, request.member, request.now
    if meets(target, who):
        own = "name" if isinstance(target, Name) else "address"
        raise Refused(f"That is your own {own}.")
    for each in _met(request, target):
        if isinstance(target, Name):
            _refuse_kin(request, each)
    # From the later of the two clocks: a ban that ends too late can be lifted.
    until = None if duration is None else max(now.wall, now.age) + duration
    hall.share(hall.sanctions.impose(kind, target, until, who.shown, reason, now.age), now)
    log.info("%s: %s on %s: %s", who.shown, kind, describe(target), reason or "no reason given")
    return until


def _lift(request: Request, kind: str, command: str) -> None:
    hall, age = request.hall, request.now.age
    target = target_of(_COMMANDS[command].need(request.rest), hall.limits.max_name)
    hall.share(hall.sanctions.lift(kind, target, age), request.now)
    log.info("%s lifts the %s on %s.", request.member.shown, kind, describe(target))
    request.answer(f"The {kind} on {describe(target)} is lifted.")


def _met(request: Request, target: Target) -> list[Member]:
    return [each for each in request.hall.everybody if meets(target, each)]


def _offer_address(request: Request, target: Target, member: Member, words: str) -> None:
    if isinstance(target, Name):
        text = f"{member.shown} comes from {member.address}; {words.format(member.address)}"
        request.answer(text)


def _show_out(
    request: Request, member: Member, what: str, until: float | None, reason: str
) -> None:
    who = request.member.shown
    farewell = sentence(f"{what} by {who}", until, reason)
    words = Words(request.member, reason) if reason else None
    request.hall.dismiss(member, farewell, f"shown out by {who}", request.now, words)


MODERATION: tuple[Command, ...] = (
    Command("oper", "/oper NAME PASSWORD", "become an operator", _oper),
    _restricted("kick", "/kick NAME [REASON]", "show somebody out", _kick),
    _restricted(
        "ban",
        "/ban NAME|ADDRESS [10m] [REASON]",
        "keep somebody out (for 10m, 2h, 7d, 4w, or for ever)",
        _ban,
    ),
    _restricted("unban", "/unban NAME|ADDRESS", "let them in again", _unban),
    _restricted("bans", "/bans", "list who is banned or muted", _bans),
    _restricted("mute", "/mute NAME|ADDRESS [10m]", "silence somebody", _mute),
    _restricted("unmute", "/unmute NAME|ADDRESS", "let them speak again", _unmute),
    Command("lock", "/lock KEY", "close the room you made with a key", _lock),
    Command("unlock", "/unlock", "open it again", _unlock),
    _restricted(
        "forget",
        "/forget ROOM|NUMBER",
        "forget a room and its history, or one message (/history shows the numbers)",
        _forget,
    ),
)
_COMMANDS = {command.name: command for command in MODERATION}
