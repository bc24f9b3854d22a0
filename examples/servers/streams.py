"""asyncio's streams: a coroutine for each connection, which reads from top to bottom.

It looks like `threading`, and needs no threads: at each `await` the others have their turn.  A task
for each client, and several layers for each line, are what that costs.
"""

from __future__ import annotations

import asyncio
import signal

from examples.servers import common


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send every line back; `drain` waits while the client does not read."""
    address = writer.get_extra_info("peername")
    common.say("Got connection from", address)
    try:
        while (line := await reader.readline()).endswith(b"\n"):
            common.received(address, line)
            writer.write(line)
            await writer.drain()
    except ValueError:
        common.too_long(address)
    except (OSError, asyncio.CancelledError):
        pass  # reset by the client; or Ctrl-C, which Python 3.11 would log as an error of ours
    writer.close()
    common.disconnected(address)


async def main(port: int) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    loop, interrupted = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted.set)
    server = await asyncio.start_server(
        echo, common.HOST, port, limit=common.LONGEST_LINE, backlog=common.BACKLOG
    )
    common.serving(server.sockets[0].getsockname())
    await interrupted.wait()
    server.close()


def serve(port: int) -> None:
    """Serve on asyncio's loop."""
    asyncio.run(main(port))


if __name__ == "__main__":
    common.run(serve)
