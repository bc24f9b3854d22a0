// The room in the page's address: "…/#kitchen" is an invitation to it. The address is untrusted input.

const LONGEST = 64; // characters; the server decides which texts are names of rooms

/** Return the name after the # of the address, as text; "" if there is none. */
export function invitedTo(hash = location.hash) {
  try {
    return decodeURIComponent(hash.slice(1)).trim().slice(0, LONGEST);
  } catch {
    return ""; // not UTF-8
  }
}

/** Make the address an invitation to `room`, or to the chat alone if `room` is "". */
export function inviteTo(room) {
  if (invitedTo() === room) return;
  const hash = room ? `#${encodeURIComponent(room)}` : "";
  history.replaceState(null, "", location.pathname + location.search + hash);
}
