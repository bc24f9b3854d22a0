"""pip installs, upgrades and removes it in every order beside the distributions that clash."""

import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from tests.distribution.environments import MAIN, OLDER, SECOND, Environment, project

OURS, STANDARD, PYASYN = "ours", "standard", "pyasyn"
ORDERS = list(permutations([OURS, STANDARD, PYASYN]))

REQUIREMENTS = {
    OURS: [f"miniloop-asyncore=={OLDER}"],
    STANDARD: ["standard-smtpd"],  # brings the other two
    PYASYN: ["pyasyncore", "pyasynchat"],
}
UPGRADES = {
    OURS: ["--upgrade", "miniloop-asyncore"],
    STANDARD: ["--force-reinstall", "standard-smtpd"],
    PYASYN: ["--force-reinstall", "pyasyncore", "pyasynchat"],
}
BROUGHT = {
    OURS: ["miniloop-asyncore", MAIN],
    STANDARD: ["standard-smtpd", "standard-asyncore", "standard-asynchat"],
    PYASYN: ["pyasyncore", "pyasynchat"],
}

STATE = """
import base64, hashlib, importlib, json, warnings
from importlib.metadata import distributions

def name_of(module):
    try:
        return importlib.import_module(module).__name__
    except ModuleNotFoundError:
        return "nobody's"

def is_damaged(file):
    path = file.locate()
    digest = hashlib.sha256(path.read_bytes() if path.exists() else b"").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") != file.hash.value

warnings.simplefilter("ignore")
state = {name: name_of(name) for name in ("asyncore", "asynchat", "smtpd")}
if state["smtpd"] == "smtpd":
    import smtpd
    state["smtpd runs on"] = smtpd.SMTPChannel.__mro__[1].push.__globals__["__name__"]
ours = [each for each in distributions() if each.name.startswith("miniloop")]
files = [file for each in ours for file in each.files if file.hash]
state["damaged"] = [str(file) for file in files if is_damaged(file)]
state["versions"] = {each.name: each.version for each in ours}
print(json.dumps(state))
"""


def check(environment: Environment, installed: set[str]) -> dict[str, Any]:
    """Whoever else is there, both modules are ours, and every file of ours is as it was."""
    state: dict[str, Any] = json.loads(environment.run(STATE))
    found = state["asyncore"], state["asynchat"]
    assert state["damaged"] == []
    if OURS in installed:
        assert found == ("miniloop.compat.asyncore", "miniloop.compat.asynchat")
    elif not installed:
        assert found == ("nobody's", "nobody's")
    else:  # one of those two removes files of the other: what is left is their affair
        assert set(found) <= {"asyncore", "asynchat", "nobody's"}
    if {OURS, STANDARD} <= installed:
        assert state["smtpd runs on"] == "miniloop.compat.asynchat"
    return state


@pytest.mark.parametrize("number", range(len(ORDERS)), ids=["-".join(each) for each in ORDERS])
def test_every_order(new: Callable[[], Environment], number: int) -> None:
    """Each order of installing, another one of removing, and an upgrade when all are there."""
    environment, installed = new(), set[str]()
    empty = set(environment.left())
    for name in ORDERS[number]:
        environment.pip("install", *REQUIREMENTS[name])
        check(environment, installed := installed | {name})
    upgraded = ORDERS[number][number % 3]
    environment.pip("install", *UPGRADES[upgraded])
    versions = check(environment, installed)["versions"]
    new_version = project(SECOND)["version"] if upgraded == OURS else OLDER
    assert versions["miniloop-asyncore"] == new_version
    for name in ORDERS[number - 2]:
        environment.pip("uninstall", *BROUGHT[name])
        check(environment, installed := installed - {name})
    assert set(environment.left()) == empty


def test_everything_is_upgraded_by_some_order() -> None:
    assert {order[number % 3] for number, order in enumerate(ORDERS)} == set(UPGRADES)


def test_without_miniloop_the_others_serve(new: Callable[[], Environment]) -> None:
    """Whoever removes miniloop and forgets this has no less than before."""
    environment = new()
    environment.pip("install", "miniloop-asyncore", "standard-smtpd")
    environment.pip("uninstall", MAIN)
    state = json.loads(environment.run(STATE))
    assert (state["asyncore"], state["smtpd runs on"]) == ("asyncore", "asynchat")
    environment.pip("uninstall", *BROUGHT[STANDARD])
    done = environment.start("-c", "import asyncore")
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'miniloop'\n")
    environment.pip("install", MAIN)
    check(environment, {OURS})
