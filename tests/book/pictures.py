"""The pictures of docs/inside/, and of layers; ``python3 -m tests.book fill`` draws them all."""

from collections.abc import Callable

from tests.book import channel_pictures, loop_pictures, stream_pictures
from tests.book.drawing import Drawing
from tests.book.layer_picture import layers, rooms
from tests.book.pages import DOCS
from tests.book.state_pictures import states

PLACE = DOCS / "inside" / "img"
EXPLAINED = DOCS / "explanation" / "img"

PICTURES: dict[str, Callable[[], Drawing]] = {
    "01-thirty-lines": loop_pictures.tiny_loop,
    "02-one-pass": loop_pictures.one_pass,
    "03-who-gets-asked": loop_pictures.who_gets_asked,
    "04-delivery-and-errors": channel_pictures.delivery,
    "04-states": states,
    "05-the-descriptor-that-came-back": channel_pictures.descriptor,
    "06-time": loop_pictures.time,
    "07-waking-from-a-thread": stream_pictures.waking,
    "08-splitting-a-stream": stream_pictures.splitting,
    "09-writing-and-backpressure": stream_pictures.writing,
    "10-asyncore-on-top": channel_pictures.compat,
    "11-accepting-and-connecting": channel_pictures.accepting,
    "12-how-a-loop-ends": loop_pictures.ending,
    "13-tls": channel_pictures.tls,
}


LAYERS: dict[str, Callable[[], Drawing]] = {"design-layers": layers, "chat-room-layers": rooms}
"""Those of docs/explanation/."""


def draw_all() -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        (PLACE / f"{name}.svg").write_text(draw().svg())
    for name, draw in LAYERS.items():
        (EXPLAINED / f"{name}.svg").write_text(draw().svg())
