"""The address of a Redis server, and the user."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_PORT = 6379
LONGEST_PASSWORD = 4096  # bytes of the file that are read


@dataclass(frozen=True)
class Address:
    """A server, and what it is to be told first.

    Attributes:
        host: its name or address.
        port: its port.
        tls: the certificates to trust; None speaks without TLS.
        user: the name for AUTH.
        password_file: contains the password and perhaps a line end.  It is read for each
            connection, so a changed password needs no restart.  None: no AUTH.
        database: the number for SELECT.
        name: what CLIENT LIST shows, without spaces; "" for nothing.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    tls: ssl.SSLContext | None = None
    user: str = "default"
    password_file: Path | None = None
    database: int = 0
    name: str = ""

    def __str__(self) -> str:
        """Return host and port."""
        return f"{self.host}:{self.port}"

    def greeting(self) -> list[tuple[str, ...]]:
        """Return the commands that begin a connection; OSError: the password cannot be read.

        PING is the last: unlike HELLO it fails while the server still loads its data.
        """
        hello = ["HELLO", "3"]
        if self.password_file is not None:
            hello += ["AUTH", self.user, read_password(self.password_file)]
        if self.name:
            hello += ["SETNAME", self.name]
        select = [("SELECT", str(self.database))] if self.database else []
        return [tuple(hello), *select, ("PING",)]


def read_password(path: Path) -> str:
    """Return the password in a file.  OSError: it cannot be read, or is not text."""
    with path.open("rb") as file:
        content = file.read(LONGEST_PASSWORD)
    try:
        return content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise OSError(f"the password in {path} is not UTF-8") from None


def parse_url(
    url: str, *, password_file: Path | None = None, ca: Path | None = None, name: str = ""
) -> Address:
    """Return the address that ``redis://[user@]host[:port][/database]`` means.

    ``rediss://`` speaks TLS.

    Args:
        url: the URL.
        password_file: see ``Address``.
        ca: the certificates to trust, for ``rediss://``; those of the system when not given.
        name: see ``Address``.

    Raises:
        ValueError: the URL makes no sense, or contains a password, which others could read in the
            list of processes.
        OSError: ``ca`` cannot be read.
    """
    parts = urlsplit(url)
    if parts.password is not None:
        raise ValueError("a URL with a password is refused: put the password into a file")
    if parts.scheme not in ("redis", "rediss") or not parts.hostname or parts.query:
        raise ValueError("the URL has to be redis://host or rediss://host, with :port/database")
    database = parts.path.strip("/") or "0"
    if not (database.isascii() and database.isdigit()):
        raise ValueError(f"no number of a database: {database!r}")
    tls = None
    if parts.scheme == "rediss":
        tls = ssl.create_default_context(cafile=ca)
    return Address(
        parts.hostname, parts.port or DEFAULT_PORT, tls, parts.username or "default",
        password_file, int(database), name,
    )  # fmt: skip
