"""Which errors of a datagram are the program's, and which the network's.

A datagram may fail because of its peer (a source port of 0, a UNIX client that is gone, a port that
is closed) or of the route to it (prohibited, a black hole, a firewall).  A server must outlive all
of these, and the kernel has many error numbers for them, some also used for misuse: EINVAL is what
a black-holed route and a peer's port of 0 lead to.  So those that only misuse causes are named.
"""

import errno
import logging

logger = logging.getLogger("miniloop")

MISUSE = {
    errno.EBADF, errno.ENOTSOCK, errno.EDESTADDRREQ, errno.EISCONN, errno.ENOTCONN,
    errno.EAFNOSUPPORT, errno.EOPNOTSUPP, errno.EMSGSIZE, errno.EPIPE,
}  # fmt: skip


def lost(channel: object, error: OSError) -> None:
    """Log that a datagram was lost; raise ``error`` if no peer and no route can have caused it."""
    if error.errno in MISUSE:
        raise error
    logger.debug("%r: a datagram was lost: %s", channel, error)
