"""``install()`` puts both modules under their old names."""

import sys
from collections.abc import Iterator

import pytest

import miniloop.compat
from miniloop.compat import asynchat, asyncore


@pytest.fixture(autouse=True)
def _names_put_back() -> Iterator[None]:
    before = {name: sys.modules.get(name) for name in ("asyncore", "asynchat")}
    yield
    for name, module in before.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module


def test_imports_find_ours() -> None:
    miniloop.compat.install()
    namespace: dict[str, object] = {}
    exec("import asyncore, asynchat\nfrom asyncore import dispatcher", namespace)
    assert namespace["asyncore"] is asyncore
    assert namespace["asynchat"] is asynchat
    assert namespace["dispatcher"] is asyncore.dispatcher


def test_ours_take_the_place_of_what_was_there() -> None:
    sys.modules["asyncore"] = sys
    miniloop.compat.install()
    assert sys.modules["asyncore"] is asyncore


def test_again_is_harmless() -> None:
    miniloop.compat.install()
    miniloop.compat.install()
    assert sys.modules["asynchat"] is asynchat


def test_importing_the_package_installs_nothing() -> None:
    assert sys.modules.get("asyncore") is not asyncore


def test_the_package_names_what_it_has() -> None:
    assert set(miniloop.compat.__all__) == {"asynchat", "asyncore", "install"}
