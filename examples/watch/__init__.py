"""A page that shows an event loop at work: ``python3 -m examples.watch``.

Two loops run here.  The *watched* one carries a chat room, on a thread of its own, so that it can
be held between two stages; the page's own loop runs on the main thread, and serves the page and the
bots.  ``pace.py`` holds the watched loop, ``seen.py`` records it,
``server.py`` sends the records to the page.
"""
