"""Makes this server one node of a cluster: from the options to a node.

Rule of this file: put the cluster's parts together, and report an error in one sentence.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from miniloop import EventLoop

from .cluster_options import ClusterOptions
from .hall.hall import Hall
from .hall.order import Alone, Order
from .options import Options

if TYPE_CHECKING:
    from examples.redis.address import Address

    from .cluster.interface import Engine, Watcher

BEATS = 3  # signs of life within a lease: two may be late
SPARE = 4  # entries that may wait for each member besides speech: joining, leaving, renaming
NO_REDIS = (
    "--cluster needs the package hiredis, which is missing: "
    "python3 -m venv .venv/chat && .venv/chat/bin/pip install -e '.[chat,redis]'"
)


class CannotJoin(Exception):
    """The server cannot join the cluster; the text is a sentence with the reason."""


def order_of(loop: EventLoop, options: Options) -> Callable[[Hall], Order]:
    """Return the function that makes the order: this server's own, or the cluster's.

    Raises:
        CannotJoin: The options for Redis are invalid, or the client for it is missing.
    """
    cluster = options.cluster
    if cluster is None:
        return Alone
    connect = _connector(loop, options, cluster)

    def make(hall: Hall) -> Order:
        from .cluster.node import Node

        incarnation = secrets.token_hex(8)
        return Node(hall, lambda watcher: connect(watcher, incarnation), cluster.node, incarnation)

    return make


def _connector(
    loop: EventLoop, options: Options, cluster: ClusterOptions
) -> Callable[[Watcher, str], Engine]:
    try:
        from .cluster.engine_options import EngineOptions
        from .cluster.feeds import Feeds
    except ImportError as error:
        raise CannotJoin(NO_REDIS) from error
    limits = options.limits
    engine = EngineOptions(
        _address(cluster),
        prefix=cluster.prefix,
        most_waiting=limits.max_waiting + SPARE * limits.max_members,
        span=cluster.lease,
        beat=cluster.lease / BEATS,
    )
    return lambda watcher, incarnation: Feeds(
        loop, engine, node=cluster.node, incarnation=incarnation, watcher=watcher
    )


def _address(cluster: ClusterOptions) -> Address:
    from examples.redis.address import parse_url, read_password

    name = f"chatroom-{cluster.node}"
    try:
        if cluster.password_file is not None:
            read_password(cluster.password_file)  # now, while the user sees errors
        return parse_url(cluster.url, password_file=cluster.password_file, ca=cluster.ca, name=name)
    except ValueError as error:
        raise CannotJoin(f"--cluster: {error}.") from error
    except OSError as error:
        what = error.filename or cluster.password_file or cluster.ca
        raise CannotJoin(f"--cluster: {what} cannot be read: {error.strerror or error}.") from error
