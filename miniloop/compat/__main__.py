"""``python -m miniloop.compat PROGRAM [ARGS]``: run a program that imports asyncore, unchanged.

``-m MODULE`` in the place of ``PROGRAM`` runs a module, as Python's own ``-m`` does.

The standard library's ``runpy`` would do most of this.  But it takes ``__main__`` away again when
the main thread has come to the program's end, while other threads, exit handlers and pickles may
need it until the process ends; and it gives a program a relative ``__file__``.
"""

import importlib.util
import io
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, NoReturn

from miniloop.compat import install

USAGE = """\
usage: python -m miniloop.compat PROGRAM [ARGS]
       python -m miniloop.compat -m MODULE [ARGS]

Run a program or module that imports asyncore or asynchat, on miniloop.
"""


def main(argv: list[str]) -> None:
    """Run what ``argv`` names, as ``__main__`` and with the arguments that are its own.

    Raises:
        SystemExit: nothing to run was named or found, or the program ended that way itself.
    """
    if argv[:1] in (["-h"], ["--help"]):
        print(USAGE, end="")
    elif argv[:1] == ["-m"] and len(argv) > 1:
        run_module(argv[1], argv[2:])
    elif argv and not argv[0].startswith("-"):
        run_program(argv[0], argv[1:])
    else:
        print(USAGE, end="", file=sys.stderr)
        sys.exit(2)


def run_module(name: str, arguments: list[str]) -> None:
    """Run a module; like Python's ``-m``, it finds modules in the current directory."""
    install()
    sys.path[0] = os.getcwd()
    sys.argv = ["-m", *arguments]  # what a package sees while it is imported
    spec = find(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = find(f"{name}.__main__")
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
    if not os.path.exists(path):
        give_up(f"there is no file {path!r}")
    install()
    sys.argv = [path, *arguments]
    spec = PathFinder.find_spec("__main__", [path])
    if spec is not None:
        sys.path[0] = path
        run_spec(spec, "")
    elif os.path.isdir(path):
        give_up(f"there is no __main__.py in {path!r}")
    else:
        sys.path[0] = os.path.dirname(os.path.realpath(path))
        run_file(path)


def run_file(path: str) -> None:
    """Run a Python source file."""
    file = os.path.abspath(path)
    with io.open_code(file) as source:
        code = compile(source.read(), path, "exec")
    execute(code, __file__=file, __cached__=None, __loader__=SourceFileLoader("__main__", path))


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
    print(f"python -m miniloop.compat: {reason}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
