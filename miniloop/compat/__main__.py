"""``python3 -m miniloop.compat PROGRAM [ARGS]``: run a program that imports asyncore, unchanged.

``-m MODULE`` in the place of ``PROGRAM`` runs a module, as Python's own ``-m`` does.

The standard library's ``runpy`` would do most of this.  But it takes ``__main__`` away again when
the main thread has come to the program's end, while other threads, exit handlers and pickles may
need it until the process ends; and it gives a program a relative ``__file__``.
"""

import importlib.util
import io
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader, SourcelessFileLoader
from types import CodeType, ModuleType
from typing import Any, NoReturn

from miniloop.compat import install

USAGE = """\
usage: python3 -m miniloop.compat PROGRAM [ARGS]
       python3 -m miniloop.compat -m MODULE [ARGS]
       python3 -m miniloop.compat --which [PROGRAM]

Run a program or module that imports asyncore or asynchat, on miniloop.
--which says whose modules it would get from Python alone, and why.
"""


def main(argv: list[str]) -> None:
    """Run what ``argv`` names, as ``__main__`` and with the arguments that are its own.

    Raises:
        SystemExit: nothing to run was named or found, or the program ended that way itself.
    """
    if argv[:1] in (["-h"], ["--help"]):
        print(USAGE, end="")
    elif argv[:1] == ["--which"] and len(argv) <= 2:
        say_which(*argv[1:])
    elif argv[:1] == ["-m"] and len(argv) > 1:
        run_module(argv[1], argv[2:])
    elif argv and not argv[0].startswith("-"):
        run_program(argv[0], argv[1:])
    else:
        print(USAGE, end="", file=sys.stderr)
        sys.exit(2)


def say_which(path: str | None = None) -> None:
    """Print whose modules a program gets that Python runs without this command."""
    if path is not None:
        check_exists(path)
        search_first(folder_of(path))
    from miniloop.compat import which  # what it imports, no program has to wait for

    print(which.explain())


def run_module(name: str, arguments: list[str]) -> None:
    """Run a module; like Python's ``-m``, it finds modules in the current directory."""
    install()
    search_first(os.getcwd())
    sys.argv = ["-m", *arguments]  # what a package sees while it is imported
    spec = find(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = find(f"{name}.__main__")
        if spec is None:
            give_up(f"{name!r} is a package without a module __main__")
    if spec is None:
        give_up(f"there is no module {name!r} that could be run")
    sys.argv[0] = spec.origin or name
    run_spec(spec, spec.parent)


def find(name: str) -> ModuleSpec | None:
    """Find a module; None where it, or a package that should hold it, is not to be found."""
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            return None
        raise  # a package of it was found and imports something that was not
    except ValueError:
        return None  # a relative name


def run_program(path: str, arguments: list[str]) -> None:
    """Run a file, or the ``__main__.py`` of a directory or a zip file."""
    check_exists(path)
    install()
    sys.argv = [path, *arguments]
    file = os.path.abspath(path)
    spec = PathFinder.find_spec("__main__", [file])
    if spec is not None:
        search_first(file, even_if_safe=True)
        run_spec(spec, "")
    elif sys.path_importer_cache.get(file) is not None:  # modules may be in it
        give_up(f"there is no __main__.py in {path!r}")
    else:
        search_first(folder_of(path))
        run_file(path, file)


def check_exists(path: str) -> None:
    """Give up if there is no such file."""
    if not os.path.exists(path):
        give_up(f"there is no file {path!r}")


def folder_of(path: str) -> str:
    """Return the folder in which a program finds its modules."""
    return os.path.abspath(path) if os.path.isdir(path) else os.path.dirname(os.path.realpath(path))


def search_first(folder: str, *, even_if_safe: bool = False) -> None:
    """Let imports look into ``folder`` first, where Python would do so.

    Entry 0 of ``sys.path`` is the current directory, because Python was started with ``-m``, and is
    replaced.  After ``-P``, ``-I`` or PYTHONSAFEPATH there is no such entry; Python itself adds one
    for a directory or zip file even then.
    """
    if not sys.flags.safe_path:
        sys.path[0] = folder
    elif even_if_safe:
        sys.path.insert(0, folder)


def run_file(path: str, file: str) -> None:
    """Run a file of Python source, or what Python compiled from one."""
    try:
        with io.open_code(file) as stream:
            data = stream.read()
    except OSError as error:
        give_up(f"cannot read {path!r}: {error.strerror}")
    loader: SourceFileLoader | SourcelessFileLoader
    if file.endswith(".pyc") or data.startswith(importlib.util.MAGIC_NUMBER):
        loader = SourcelessFileLoader("__main__", file)
        code = compiled_code(loader, path)
    else:
        loader = SourceFileLoader("__main__", file)
        code = compile(data, file, "exec", dont_inherit=True)
    execute(code, __file__=file, __cached__=None, __loader__=loader)


def compiled_code(loader: SourcelessFileLoader, path: str) -> CodeType:
    """Return the code in a ``.pyc`` file; a text ends the process where this Python cannot."""
    try:
        code = loader.get_code("__main__")
    except (ImportError, EOFError, TypeError, ValueError) as error:
        give_up(f"{path!r} holds no code for this Python: {error}")
    assert code is not None  # for the type checker: this loader returns code or raises
    return code


def run_spec(spec: ModuleSpec, package: str | None) -> None:
    """Run what a loader knows how to get."""
    loader: Any = spec.loader
    code = loader.get_code(spec.name)
    if code is None:
        give_up(f"{spec.origin} is no Python program")
    execute(
        code,
        __file__=spec.origin,
        __cached__=spec.cached,
        __loader__=loader,
        __package__=package,
        __spec__=spec,
    )


def execute(code: CodeType, **attributes: Any) -> None:
    """Run code as the module ``__main__``, which stays that until the process ends."""
    program = ModuleType("__main__")
    program.__dict__.update(attributes)
    sys.modules["__main__"] = program
    exec(code, program.__dict__)


def give_up(reason: str) -> NoReturn:
    """End with a sentence."""
    print(f"python3 -m miniloop.compat: {reason}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
