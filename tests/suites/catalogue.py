"""Which suites there are for which Python, and where each takes asyncore and asynchat from.

Python 3.11 has both modules itself.  3.12 and later keep them under ``test.support``, for their own
tests only; the programs of others get theirs from PyPI.
"""

from dataclasses import dataclass

PYFTPDLIB = "pyftpdlib==2.2.0"
PYFTPDLIB_NEEDS = ("psutil", "pyopenssl")  # its tests'; the same for both sides, so any will do
PYASYNCORE = ("pyasyncore==1.0.4", "pyasynchat==1.0.4")
STANDARD_SMTPD = "standard-smtpd==3.13.0"  # brings standard-asyncore and standard-asynchat
ZOPE_SERVER = "zope.server[test]==5.0"
IRC_BOT = "irc-bot==1.0.41"
ASYNCORE_WSGI = "asyncore-wsgi==0.0.11"  # brings a copy of asyncore, which is replaced

NAMES = ("asyncore", "asynchat")

_BOTH = ("test_asynchat", "test_poplib", "test_ftplib")
_MAIL = ("test_smtpd", "test_smtplib", "test_logging")
_ONLY_3_11 = ("test_asyncore", "test_asynchat", "test_smtpd")
_STDLIB = (
    "test_ssl",  # the longest first: several run at a time
    "test_logging",
    "test_ftplib",
    "test_poplib",
    "test_asyncore",
    "test_asynchat",
    "test_smtplib",
    "test_smtpd",
)


@dataclass(frozen=True)
class Suite:
    """A suite of somebody else's.

    Attributes:
        name: what the report calls it.
        target: what its runner is given: a module for unittest, a folder for pytest.
        holders: ``module.name`` of each place that must hold one of the two modules afterwards.
        runner: ``unittest`` or ``pytest``.
        home: the package that the two modules are imported from, ``""`` for none.
        project: the project on PyPI that it belongs to, ``""`` for Python itself.
    """

    name: str
    target: str
    holders: tuple[str, ...]
    runner: str = "unittest"
    home: str = ""
    project: str = ""

    @property
    def modules(self) -> tuple[str, ...]:
        """The names in ``sys.modules`` under which the suite finds the two modules."""
        return tuple(f"{self.home}.{name}" if self.home else name for name in NAMES)


def suites_for(version: tuple[int, int]) -> list[Suite]:
    """Return the suites for a version of Python, in the order in which they are begun."""
    names = [name for name in _STDLIB if version < (3, 12) or name not in _ONLY_3_11]
    suites = [_stdlib_suite(name, version) for name in names]
    if version >= (3, 12):
        suites += _standard_smtpd()
    return [*suites, *_programs(), _pyftpdlib()]


def _stdlib_suite(name: str, version: tuple[int, int]) -> Suite:
    """Describe one of Python's own suites."""
    target = f"test.{name}"
    holders = [f"{target}.asyncore"]
    if name in _BOTH:
        holders.append(f"{target}.asynchat")
    if name in _MAIL:
        holders += [f"{_smtpd(version)}.{module}" for module in NAMES]
    return Suite(name, target, tuple(holders), home="" if version < (3, 12) else "test.support")


def _smtpd(version: tuple[int, int]) -> str:
    """Return the name of Python's smtpd module, which moved twice."""
    if version < (3, 12):
        return "smtpd"
    return "test.smtpd" if version < (3, 13) else "test.support.smtpd"


def _standard_smtpd() -> list[Suite]:
    """Describe the suite that standard-smtpd ships, and a mail exchange of our own on it."""
    held = tuple(f"smtpd.{module}" for module in NAMES)
    return [
        Suite("standard-smtpd", "test_smtpd", held, project="standard-smtpd"),
        Suite("standard-smtpd: mail", "tests.suites.mail_exchange", held, project="standard-smtpd"),
    ]


def _programs() -> list[Suite]:
    """Describe zope.server's own tests, and conversations of ours with two programs."""
    held = tuple(f"irc_bot.simple_irc_bot.{name}" for name in NAMES)
    zope = ("zope.server.serverbase.asyncore", "zope.server.dualmodechannel.asyncore")
    wsgi = ("asyncore_wsgi.asyncore", "asyncore_wsgi.SimpleWebSocketServer.asyncore")
    return [
        Suite("zope.server", "tests.suites.zope_server", zope, project="zope.server"),
        Suite("irc-bot", "tests.suites.irc_bot_session", held, project="irc-bot"),
        Suite("asyncore-wsgi", "tests.suites.wsgi_session", wsgi, project="asyncore-wsgi"),
    ]


def _pyftpdlib() -> Suite:
    """Describe pyftpdlib's suite; most of its modules use the two through one of these."""
    holders = (
        "pyftpdlib.ioloop.asyncore",
        "pyftpdlib.ioloop.asynchat",
        "pyftpdlib.handlers.ftp.control.asynchat",
        "pyftpdlib.handlers.ftp.data.asynchat",
    )
    return Suite("pyftpdlib", "tests", holders, runner="pytest", project="pyftpdlib")
