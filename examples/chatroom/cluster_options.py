"""The options of a server that is one node of a cluster.

Rule of this file: convert arguments to checked values.
"""

from __future__ import annotations

import argparse
import math
import re
import socket
from dataclasses import dataclass
from pathlib import Path

PREFIX = "chatroom"
LEASE = 15.0
ALONE = ("cluster_password_file", "cluster_ca", "cluster_prefix", "cluster_lease", "node")
"""Options that are invalid for a server that runs alone."""

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}")


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """Which engine, and under which node name.

    Attributes:
        url: The engine: ``redis://`` or ``rediss://``.
        password_file: The file with the password; None for none.
        ca: The certificates to trust; None trusts those of the system.
        prefix: The first part of all keys' names, so that two clusters can share one engine.
        node: This server's name in the cluster.
        lease: Seconds after which a silent node counts as dead and its names become free.
    """

    url: str
    password_file: Path | None = None
    ca: Path | None = None
    prefix: str = PREFIX
    node: str = "node"
    lease: float = LEASE


def add_cluster(group: argparse._ArgumentGroup) -> None:
    """Add the options to `group`."""
    group.add_argument(
        "--cluster",
        metavar="URL",
        help="be one server of many, over this Redis (redis://[USER@]HOST[:PORT], or rediss:// for "
        "TLS); needs a history file (default: be the only server)",
    )
    group.add_argument(
        "--cluster-password-file",
        type=Path,
        metavar="FILE",
        help="the file with the password for Redis; in the URL others could read it with ps",
    )
    group.add_argument(
        "--cluster-ca",
        type=Path,
        metavar="FILE",
        help="trust these certificates (PEM) for rediss:// (default: those of the system)",
    )
    group.add_argument(
        "--cluster-prefix",
        type=_word,
        metavar="NAME",
        help="beginning of the names of all keys in Redis; servers with the same one are one chat "
        f"room (default: {PREFIX})",
    )
    group.add_argument(
        "--cluster-lease",
        type=_lease,
        metavar="SECONDS",
        help="time after which a silent server counts as dead, and its members as gone, 1 s at "
        f"least (default: {LEASE:g})",
    )
    group.add_argument(
        "--node",
        type=_word,
        metavar="NAME",
        help="this server's name among the others; no two have the same (default: the machine's)",
    )


def cluster_options(
    parser: argparse.ArgumentParser, given: argparse.Namespace
) -> ClusterOptions | None:
    """Return the cluster options in `given`; None for a server that runs alone.

    Raises:
        SystemExit: The options contradict each other.
    """
    if given.cluster is None:
        for name in ALONE:
            _refuse(parser, name, given)
        return None
    if not given.keeps_history:
        parser.error(
            "--cluster needs a history file, in which what is said waits while Redis is away: "
            "leave out --no-history."
        )
    return ClusterOptions(
        given.cluster,
        given.cluster_password_file,
        given.cluster_ca,
        given.cluster_prefix or PREFIX,
        given.node or _machine(),
        given.cluster_lease or LEASE,
    )


def _refuse(parser: argparse.ArgumentParser, name: str, given: argparse.Namespace) -> None:
    if getattr(given, name) is not None:
        option = "--" + name.replace("_", "-")
        parser.error(f"{option} needs --cluster, the Redis that the servers share.")


def _word(text: str) -> str:
    if _WORD.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(
            "this is 1 to 50 letters, digits, dots, '-' or '_', a letter or digit first"
        )
    return text


def _lease(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (math.isfinite(seconds) and seconds >= 1):
        raise argparse.ArgumentTypeError("this is a number of seconds, 1 at least")
    return seconds


def _machine() -> str:
    name = socket.gethostname().partition(".")[0]
    return name if _WORD.fullmatch(name) else "node"
