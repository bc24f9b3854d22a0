"""Everything public in the two modules of CPython 3.11 is there, with the same parameters."""

import inspect
from typing import Any

import pytest

from miniloop.compat import asynchat, asyncore
from tests.compat.originals import Modules
from tests.compat.recorded import ATTRIBUTES, BASES, FUNCTIONS, METHODS, NAMES

ADDED_BY_PYTHON = {"__module__", "__doc__", "__dict__", "__weakref__", "__static_attributes__",
                   "__firstlineno__"}  # fmt: skip


def parameters(function: Any) -> str:
    """Return a signature without its types, which the old modules had none of."""
    signature = inspect.signature(function)
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def lookup(modules: Modules, path: str) -> Any:
    module, name = path.split(".")
    return getattr(getattr(modules, module), name)


@pytest.mark.parametrize("name", ["asyncore", "asynchat"])
def test_every_name_is_there(modules: Modules, name: str) -> None:
    classes = [path.split(".")[1] for path in BASES if path.startswith(name)]
    module = getattr(modules, name)
    assert {*NAMES[name], *FUNCTIONS[name], *classes} <= set(dir(module))
    if modules.name == "original":  # the record is complete
        public = {each for each in dir(module) if not each.startswith("_")}
        assert public <= {*NAMES[name], *FUNCTIONS[name], *classes}


@pytest.mark.parametrize("name", ["asyncore", "asynchat"])
def test_import_star_brings_the_same_names_and_no_other(modules: Modules, name: str) -> None:
    """Another could hide one of the program's own."""
    namespace: dict[str, Any] = {}
    exec(f"from {getattr(modules, name).__name__} import *", namespace)
    public = [each for each in (*NAMES[name], *FUNCTIONS[name]) if not each.startswith("_")]
    classes = [path.split(".")[1] for path in BASES if path.startswith(name)]
    assert {*public, *classes} == namespace.keys() - {"__builtins__"}


@pytest.mark.parametrize("name", ["asyncore", "asynchat"])
def test_functions_take_the_same_parameters(modules: Modules, name: str) -> None:
    module = getattr(modules, name)
    for function, expected in FUNCTIONS[name].items():
        if not function.startswith("_"):
            assert parameters(getattr(module, function)) == expected, function


def test_private_functions_take_as_many_parameters(core: Any) -> None:
    for name, expected in FUNCTIONS["asyncore"].items():
        if name.startswith("_"):
            found = inspect.signature(getattr(core, name)).parameters
            assert len(found) == expected.count(",") + 1, name


@pytest.mark.parametrize("path", METHODS)
def test_methods_take_the_same_parameters(modules: Modules, path: str) -> None:
    found = lookup(modules, path)
    for method, expected in METHODS[path].items():
        assert parameters(getattr(found, method)) == expected, method


@pytest.mark.parametrize("path", ATTRIBUTES)
def test_class_attributes_have_the_same_values(modules: Modules, path: str) -> None:
    found = lookup(modules, path)
    for name, expected in ATTRIBUTES[path].items():
        value = getattr(found, name)
        assert value == expected, name
        assert type(value) is type(expected), name


@pytest.mark.parametrize("path", BASES)
def test_bases_are_the_same(modules: Modules, path: str) -> None:
    assert tuple(base.__name__ for base in lookup(modules, path).__bases__) == BASES[path]


@pytest.mark.parametrize("path", METHODS)
def test_the_record_of_methods_and_attributes_is_complete(modules: Modules, path: str) -> None:
    if modules.name == "ours":
        return
    found = set(vars(lookup(modules, path))) - ADDED_BY_PYTHON
    assert found <= {*METHODS[path], *ATTRIBUTES.get(path, {}), "fd"}


@pytest.mark.parametrize("path", [path for path in BASES if path != "asyncore.ExitNow"])
def test_classes_are_shown_under_their_old_module(path: str) -> None:
    found = lookup(Modules("ours", asyncore, asynchat), path)
    assert f"{found.__module__}.{found.__qualname__}" == path


@pytest.mark.parametrize("path", METHODS)
def test_no_slots_so_that_any_attribute_can_be_set(modules: Modules, path: str) -> None:
    found = lookup(modules, path)
    assert not any("__slots__" in vars(each) for each in found.__mro__[:-2])
    derived: Any = type("Derived", (found,), {})
    thing = derived.__new__(derived)
    thing.any_attribute = 1
    thing.fd = -1  # what file_wrapper's finalizer looks at
    assert vars(thing)["any_attribute"] == 1


OWN = {
    "asyncore.dispatcher": {"socket", "_fileno"},
    "asynchat.async_chat": {"ac_in_buffer", "terminator"},
}
"""Names of the old modules' instances that may stand on our classes."""


@pytest.mark.parametrize("path", METHODS)
def test_no_name_of_ours_stands_in_the_way_of_a_subclass(path: str) -> None:
    """A name on our classes is one that a program's subclass may not use for itself."""
    found = lookup(Modules("ours", asyncore, asynchat), path)
    allowed = {*METHODS[path], *ATTRIBUTES.get(path, {}), *OWN.get(path, ()), "fd"}
    ours = {name for name in vars(found) if not (name.startswith("__") and name.endswith("__"))}
    mangled = {name for name in ours if name.startswith(f"_{found.__name__}__")}
    assert not ours - mangled - allowed


def test_constants_are_those_of_errno(core: Any) -> None:
    import errno

    for name in NAMES["asyncore"]:
        if name.startswith("E"):
            assert getattr(core, name) == getattr(errno, name)
    assert core.errorcode is errno.errorcode
    expected = ["ECONNRESET", "ENOTCONN", "ESHUTDOWN", "ECONNABORTED", "EPIPE", "EBADF"]
    assert {errno.errorcode[number] for number in core._DISCONNECTED} == set(expected)
    assert isinstance(core._DISCONNECTED, frozenset)


def test_the_way_out_of_the_loop_is_three_exceptions(core: Any) -> None:
    assert core._reraised_exceptions == (core.ExitNow, KeyboardInterrupt, SystemExit)


def test_poll3_is_poll2(core: Any) -> None:
    assert core.poll3 is core.poll2


def test_asynchat_has_the_asyncore_it_was_made_of(modules: Modules) -> None:
    assert modules.asynchat.asyncore is modules.asyncore
    assert issubclass(modules.asynchat.async_chat, modules.asyncore.dispatcher)
