// The room in the page's address: "…/#kitchen" invites to it. A stranger may have written it.

const LONGEST = 64; // characters; what is a name of a room the server knows

/** Return the name after the # of the address, as text; "" if there is none. */
export function invitedTo(hash = location.hash) {
  try {
    return decodeURIComponent(hash.slice(1)).trim().slice(0, LONGEST);
  } catch {
    return ""; // no UTF-8
  }
}

/** Let the address be an invitation to `room`; to the chat alone if it is "". */
export function inviteTo(room) {
  if (invitedTo() === room) return;
  const hash = room ? `#${encodeURIComponent(room)}` : "";
  history.replaceState(null, "", location.pathname + location.search + hash);
}
