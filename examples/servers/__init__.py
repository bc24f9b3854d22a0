"""The article's servers: the same program, written for each way to serve many connections.

Each prints connections, lines and ends, and sends every line back.  Start one from the
project's top directory, and talk to it with telnet or nc:

    python3 -m examples.servers.NAME [--port 1234] [--quiet]

What each way costs, in a line:

* forking: a process for each connection; megabytes a client, nothing shared.
* threading: a thread for each connection; whatever they share needs locks.
* select: one thread, every connection asked about at each wait, and no descriptor above 1,023.
* poll: the same without that limit.
* epoll: the kernel keeps the list; a wait costs what is ready.  Only on Linux.
* dispatcher: miniloop's `Dispatcher` waits (with epoll, where there is one); a socket is an object.
* chat: miniloop's `AsyncChat` also splits the input and queues the output.
* compat: the same in asyncore's and asynchat's words, on `miniloop.compat`.
* prefork: `dispatcher` in a process for each core, on one socket; the processes share nothing else.
* asyncio: the standard library's loop and a `Protocol`; with `--uvloop`, on libuv, in C.
* streams: asyncio again, as coroutines that read from top to bottom; they cost a task a client.
* twisted: Twisted's reactor and `LineReceiver`; a framework to install and to learn.

`common` holds the command line and the printing, `connection` what the loops by hand share.
"""
