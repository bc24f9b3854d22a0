// Connects the parts: pictures arrive and are drawn, and changes of the switches are sent.

import { connect } from "./stream.js";
import { draw } from "./draw.js";
import { listen } from "./controls.js";

const connection = document.getElementById("connection");

function tell(text, lost) {
  if (connection.textContent !== text) connection.textContent = text;
  connection.classList.toggle("lost", lost);
}

const controls = listen((text) => tell(text, true));

connect({
  picture(picture) {
    tell("Connected", false);
    draw(picture);
    controls.show(picture.mode, picture.delay);
  },
  lost() {
    tell("Connection lost, trying again …", true);
  },
});
