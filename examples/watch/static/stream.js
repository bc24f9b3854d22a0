// The stream of pictures. Only the newest is drawn, and at most one a frame.

export function connect({ picture, lost }) {
  let newest = null;

  function show() {
    const shown = newest;
    newest = null;
    if (shown) picture(shown);
  }

  const events = new EventSource("events");
  events.onmessage = (event) => {
    if (newest === null) requestAnimationFrame(show);
    newest = JSON.parse(event.data);
  };
  events.onerror = () => {
    lost();
    if (events.readyState === EventSource.CLOSED) {
      setTimeout(() => connect({ picture, lost }), 2000); // refused: the browser does not retry by itself
    }
  };
}
