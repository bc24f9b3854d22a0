// The effect of each kind of event on the state: a table. Pure; no DOM.

import { keyOf } from "./conversation.js";

const roomOf = (chat, event) => chat.conversations.get(keyOf(event.room, false));

/** Change the event's room by `change`, and show the event there. */
const inRoom = (change) => (chat, event) => {
  const room = roomOf(chat, event);
  if (!room) return;
  change(room, event, chat);
  chat.hear(room, event);
};

/** By kind: functions of the chat and the event; other kinds are those of a newer server. */
export const HANDLERS = new Map([
  ["said", inRoom(() => {})],
  ["acted", inRoom(() => {})],
  ["joined", inRoom((room, event) => room.people.set(event.sender, false))],
  ["left", inRoom((room, event) => room.people.delete(event.sender))],
  ["topic", inRoom((room, event) => (room.topic = event.text))],
  ["locked", inRoom((room) => (room.closed = true))],
  ["unlocked", inRoom((room) => (room.closed = false))],
  ["operator", inRoom((room, event) => room.people.set(event.sender, true))],
  ["renamed", inRoom((_room, event, chat) => chat.rename(event))],
  ["whispered", (chat, event) => {
    const partner = event.sender === chat.me ? event.recipient : event.sender;
    const conversation = chat.privateWith(partner);
    chat.hear(conversation, event);
    const unseen = event.sender === chat.me && conversation !== chat.current;
    if (unseen) chat.tell(`You, to ${partner} alone: ${event.text}`); // sent by /msg from a room
  }],
  ["notice", (chat, event) => chat.tell(event.text)],
  ["farewell", (chat, event) => chat.tell(event.text)],
  ["closing", (chat, event) => chat.tell(event.text)],
  ["room", (chat, event) => chat.enter(event)],
  ["parted", (chat, event) => chat.part(event.room, event.text)],
  ["page", (chat, event) => chat.page(event)],
  ["forgotten", (chat, event) => chat.forget(event.id)],
  ["found", (chat, event) => chat.find(event)],
  ["problem", (chat, event) => chat.tell(`This page made a mistake: ${event.text}`)],
  ["rooms", (chat, event) => (chat.directory = event.rooms)],
]);
