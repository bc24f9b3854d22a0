// Light, dark, or as the system has it. A plain script in the head, so that the first picture is right.
"use strict";

(() => {
  const NAMES = ["auto", "light", "dark"];
  const root = document.documentElement;

  function load() {
    try {
      const kept = localStorage.getItem("chat-theme");
      return NAMES.includes(kept) ? kept : "auto";
    } catch {
      return "auto"; // nothing may be kept here
    }
  }

  function keep(theme) {
    try {
      localStorage.setItem("chat-theme", theme);
    } catch (error) {
      console.info("The theme cannot be kept in this browser:", error.name);
    }
  }

  function tell() {
    const button = document.getElementById("theme");
    button.setAttribute("aria-label", `Colours: ${root.dataset.theme}`);
    button.title = `Colours: ${root.dataset.theme} (click to change)`;
  }

  root.dataset.theme = load();
  addEventListener("DOMContentLoaded", () => {
    tell();
    document.getElementById("theme").addEventListener("click", () => {
      root.dataset.theme = NAMES[(NAMES.indexOf(root.dataset.theme) + 1) % NAMES.length];
      keep(root.dataset.theme);
      tell();
    });
  });
})();
