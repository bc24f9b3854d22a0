// The switches: buttons, a slider, and keys.

const token = document.querySelector('meta[name="token"]').content;
const KEYS = { r: "run", m: "slow", " ": "pause", s: "step", p: "step-pass" };

export function listen(complain) {
  const slider = document.getElementById("delay");
  const shown = document.getElementById("delay-shown");
  const modes = [...document.querySelectorAll(".modes button")];
  let mode = "run";
  let waiting = 0;

  async function post(what) {
    waiting += 1;
    try {
      const answer = await fetch("control", {
        method: "POST",
        headers: { "X-Watch-Token": token },
        body: JSON.stringify(what),
      });
      if (answer.status === 403) complain("The server is another one now: load the page again.");
      else if (!answer.ok) complain(await answer.text());
    } catch {
      complain("The server does not answer.");
    } finally {
      waiting -= 1;
    }
  }

  for (const button of modes) {
    button.addEventListener("click", () => {
      const again = button.dataset.mode === mode && mode === "pause"; // Space pauses and continues
      set(again ? "run" : button.dataset.mode);
      post({ mode });
    });
  }
  document.getElementById("step").addEventListener("click", () => post({ step: "stop" }));
  document.getElementById("step-pass").addEventListener("click", () => post({ step: "pass" }));
  slider.addEventListener("input", () => tellDelay(Number(slider.value)));
  slider.addEventListener("change", () => post({ delay: Number(slider.value) }));

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input")) return;
    if (event.key === " " && event.target.matches("button")) return; // the browser presses that button
    const id = KEYS[event.key.toLowerCase()];
    if (!id) return;
    event.preventDefault();
    document.getElementById(id).click();
  });

  function set(now) {
    mode = now;
    document.body.dataset.mode = now;
    for (const button of modes) button.setAttribute("aria-pressed", button.dataset.mode === now);
  }

  function tellDelay(seconds) {
    shown.textContent = `${seconds.toFixed(2).replace(/0$/, "")} s`;
  }

  return {
    show(now, delay) {
      if (waiting) return; // the latest input has priority
      if (now !== mode) set(now);
      if (document.activeElement !== slider) {
        slider.value = delay;
        tellDelay(delay);
      }
    },
  };
}
