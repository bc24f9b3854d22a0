"""``python -m miniloop.compat PROGRAM [ARGS]``: run a program that imports asyncore, unchanged.

``-m MODULE`` in the place of ``PROGRAM`` runs a module, as Python's own ``-m`` does.
"""

import os
import runpy
import sys

from miniloop.compat import install

USAGE = """\
usage: python -m miniloop.compat PROGRAM [ARGS]
       python -m miniloop.compat -m MODULE [ARGS]

Run a program or module that imports asyncore or asynchat, on miniloop.
"""


def main(argv: list[str]) -> None:
    """Run what ``argv`` names, as ``__main__`` and with the arguments that are its own.

    Raises:
        SystemExit: nothing to run was named, or the program ended that way itself.
    """
    if argv[:1] in (["-h"], ["--help"]):
        print(USAGE, end="")
    elif argv[:1] == ["-m"] and len(argv) > 1:
        run_module(argv[1], argv[2:])
    elif argv and not argv[0].startswith("-"):
        run_program(argv[0], argv[1:])
    else:
        sys.exit(USAGE)


def run_module(name: str, arguments: list[str]) -> None:
    """Run a module; like Python's ``-m``, it finds modules in the current directory."""
    install()
    sys.path[0] = os.getcwd()
    sys.argv = [name, *arguments]  # the module's file takes the place of its name
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def run_program(path: str, arguments: list[str]) -> None:
    """Run a file, or the ``__main__.py`` of a directory or a zip file."""
    if not os.path.exists(path):
        sys.exit(f"python -m miniloop.compat: there is no file {path!r}")
    install()
    if os.path.isfile(path) and not path.endswith((".zip", ".pyz")):
        sys.path[0] = os.path.dirname(os.path.realpath(path))
    else:
        del sys.path[0]  # run_path() puts the directory or zip file there
    sys.argv = [path, *arguments]
    runpy.run_path(path, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
