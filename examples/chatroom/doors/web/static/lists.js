// The two lists at the sides: the user's conversations, and the people of the open room.

import { keyOf } from "./conversation.js";
import { byId, icon, make, setText } from "./dom.js";
import { sortedNames } from "./names.js";
import { badge, nameTag } from "./people.js";

const MOST_PEOPLE = 200; // shown at once; the filter finds the others
const FILTER_FROM = 12;

const states = new WeakMap(); // the present content of each list

/** Show the list of conversations; `choose(key)` opens one. */
export function showConversations(chat, choose) {
  fill(byId("rooms"), chat.rooms, chat, choose);
  fill(byId("privates"), chat.privates, chat, choose);
  byId("no-privates").hidden = chat.privates.length > 0;
}

function fill(list, conversations, chat, choose) {
  const looks = (each) => [
    each.name, each.closed, each.unread, each.mentioned, chat.open === keyOf(each.name, each.isPrivate),
  ];
  const state = JSON.stringify(conversations.map(looks));
  keep(list, state, () => conversations.map((each) => make("li", {}, entry(each, chat, choose))));
}

function entry(conversation, chat, choose) {
  const key = keyOf(conversation.name, conversation.isPrivate);
  const { name, isPrivate, closed } = conversation;
  const sign = isPrivate ? badge(name) : icon(closed ? "lock" : "room");
  const attributes = {
    type: "button",
    class: conversation.unread ? "entry unread" : "entry",
    "data-key": key,
    "aria-current": key === chat.open ? "true" : null,
    onclick: () => choose(key),
  };
  const button = make("button", attributes, sign, make("bdi", { class: "label" }, name));
  if (conversation.unread) button.append(counter(conversation));
  return button;
}

function counter({ unread, mentioned, isPrivate }) {
  const count = make("span", { class: mentioned ? "count mention" : "count" });
  count.append(unread > 99 ? "99+" : String(unread), make("span", { class: "unseen" }, " unread"));
  if (mentioned && !isPrivate) count.append(make("span", { class: "unseen" }, ", you were mentioned"));
  return count;
}

/** Show the people of the open conversation; `choose(name)` opens a private conversation. */
export function showPeople(chat, choose) {
  const people = peopleOf(chat);
  const filter = byId("people-filter");
  filter.hidden = people.size < FILTER_FROM;
  const wanted = filter.hidden ? "" : filter.value.trim().toLowerCase();
  const names = sortedNames(people.keys()).filter((name) => name.toLowerCase().includes(wanted));
  names.sort((one, other) => Number(people.get(other)) - Number(people.get(one)));
  setText(byId("people-count"), String(people.size));
  const shown = names.slice(0, MOST_PEOPLE);
  const more = names.length - shown.length;
  const state = JSON.stringify([chat.me, more, shown.map((name) => [name, people.get(name)])]);
  keep(byId("people-list"), state, () => {
    const entries = shown.map((name) => make("li", {}, person(name, people.get(name), chat.me, choose)));
    return more ? [...entries, make("li", { class: "quiet inset" }, `and ${more} more`)] : entries;
  });
}

function peopleOf(chat) {
  if (!chat.current) return new Map();
  if (!chat.current.isPrivate) return chat.current.people;
  return new Map([[chat.current.name, false], [chat.me, false]]);
}

function person(name, operator, me, choose) {
  const onclick = () => choose(name);
  const button = make("button", { type: "button", class: "entry", "data-name": name, onclick });
  button.append(badge(name), make("span", { class: "label" }, nameTag(name)));
  if (operator) button.append(make("span", { class: "mark" }, "operator"));
  if (name === me) button.append(make("span", { class: "mark" }, "you"));
  else button.append(make("span", { class: "unseen" }, ", speak in private"));
  return button;
}

// Replace a list's children only if they differ, and keep the keyboard focus in it.
function keep(list, state, children) {
  if (states.get(list) === state) return;
  states.set(list, state);
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset : null;
  list.replaceChildren(...children());
  if (!focused) return;
  const same = (button) => button.dataset.key === focused.key && button.dataset.name === focused.name;
  [...list.querySelectorAll("button")].find(same)?.focus();
}
