"""A page that shows an event loop at work: ``python3 -m examples.watch``.

Two loops run here.  The *watched* one carries a chat room, on a thread of its own, so that it can
be held between two stages; the page's own runs on the main thread, and serves the page and the bots
meanwhile.  ``pace.py`` is where the watched loop is held, ``seen.py`` what is seen of it,
``server.py`` how that gets into the page.
"""
