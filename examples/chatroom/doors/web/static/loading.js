// Sees that the rest of the page arrives, and says it if not. A plain script within the page itself.
"use strict";

(() => {
  const LATE = 10_000; // milliseconds
  const MISSING = "A file of this page did not arrive. The server may be busy, or has a newer page.";

  const waits = () => document.body.dataset.view === "wait";

  function say(words) {
    if (!waits()) return;
    if (words) document.getElementById("wait-words").textContent = words;
    document.getElementById("wait-again").hidden = false;
  }

  // Only while capturing: the error of an element that could not be loaded does not bubble.
  addEventListener("error", ({ target, message }) => {
    if (target instanceof HTMLScriptElement) say(MISSING);
    else if (message) say(`This browser cannot run the page: ${message}`);
  }, true);
  addEventListener("DOMContentLoaded", () => {
    document.getElementById("wait-again").addEventListener("click", () => location.reload());
    setTimeout(() => say(""), LATE);
  });
})();
