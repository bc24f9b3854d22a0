"""See to it that a suite meets the right asyncore and asynchat, and testify afterwards that it did.

Runs inside the suite's process.  Nothing here follows the suite step by step: six functions of the
two modules are counted, and all else is looked at when the suite has ended.
"""

import functools
import gc
import importlib
import itertools
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FunctionType, ModuleType
from typing import Any

from tests.suites.catalogue import NAMES
from tests.suites.results import OURS, Testimony


class Lookout(MetaPathFinder):
    """Notes when one of the modules is looked for, and finds nothing itself."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.searched: list[str] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in self.names:
            self.searched.append(fullname)
        return None


class Witness:
    """Puts the modules of one side in place, and testifies.

    Args:
        home: the package that the suite imports the two from, ``""`` for none.
        ours: whether they are to be ours.
    """

    def __init__(self, home: str, ours: bool) -> None:
        self.home = home
        self.names = NAMES if not home else (*NAMES, *(f"{home}.{name}" for name in NAMES))
        self.originals = self._find_originals()
        if ours:
            self._put_ours_in_place()
        self.asyncore, self.asynchat = self._import()
        self.counts: dict[str, itertools.count[int]] = {}
        self.code: dict[str, str] = {}
        self._count_calls()
        self.lookout = Lookout(self.names)
        sys.meta_path.insert(0, self.lookout)

    def _find_originals(self) -> tuple[str, ...]:
        """Return the files that an import would find, had nobody put anything in place."""
        specs = [PathFinder.find_spec(name) for name in NAMES]
        if self.home:
            path = importlib.import_module(self.home).__path__
            specs += [PathFinder.find_spec(f"{self.home}.{name}", path) for name in NAMES]
        return tuple(spec.origin for spec in specs if spec and spec.origin)

    def _put_ours_in_place(self) -> None:
        """Install ours as anybody would, and under ``test.support`` where the suite looks there.

        The attribute of the package matters as much as the entry in ``sys.modules``:
        ``from test.support import asyncore`` reads it first.
        """
        compat = importlib.import_module("miniloop.compat")
        compat.install()
        if self.home:
            package = sys.modules[self.home]
            for name in NAMES:
                sys.modules[f"{self.home}.{name}"] = getattr(compat, name)
                setattr(package, name, getattr(compat, name))

    def _import(self) -> tuple[ModuleType, ModuleType]:
        """Import the two as the suite will."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            asyncore, asynchat = (importlib.import_module(name) for name in self.names[-2:])
        return asyncore, asynchat

    def _count_calls(self) -> None:
        """Count what every program must use, and little else, so as not to disturb."""
        self._count("dispatcher.__init__", self.asyncore.dispatcher)
        self._count("dispatcher.handle_read_event", self.asyncore.dispatcher)
        self._count("dispatcher.recv", self.asyncore.dispatcher)
        self._count("dispatcher.send", self.asyncore.dispatcher)
        self._count("async_chat.__init__", self.asynchat.async_chat)
        self._count("loop", self.asyncore)

    def _count(self, label: str, owner: Any) -> None:
        """Put a function that counts in the place of one of ``owner``'s."""
        name = label.rpartition(".")[2]
        function: Callable[..., Any] = getattr(owner, name)
        count = self.counts[label] = itertools.count()  # next() is safe from all threads
        self.code[label] = function.__code__.co_filename

        @functools.wraps(function)
        def counting(*args: Any, **keywords: Any) -> Any:
            next(count)
            return function(*args, **keywords)

        setattr(owner, name, counting)

    # -- afterwards ------------------------------------------------------------------------------

    def testify(self) -> Testimony:
        """Say what is in memory now; call it once, when the suite has ended."""
        return Testimony(
            modules={
                name: describe(sys.modules[name]) for name in self.names if name in sys.modules
            },
            holders=self._holders(),
            searched=tuple(self.lookout.searched),
            originals=self.originals,
            original_functions=self._original_functions(),
            calls={label: next(count) for label, count in self.counts.items()},
            code=self.code,
            miniloop_loaded="miniloop" in sys.modules,
        )

    def _holders(self) -> dict[str, str]:
        """Return each global, anywhere, that holds an asyncore or asynchat, whosever it is."""
        holders = {}
        for module_name, module in [*sys.modules.items()]:
            if module_name.partition(".")[0] == "miniloop":
                continue
            for name, held in [*getattr(module, "__dict__", {}).items()]:
                if isinstance(held, ModuleType) and held.__name__.rpartition(".")[2] in NAMES:
                    holders[f"{module_name}.{name}"] = describe(held)
        return holders

    def _original_functions(self) -> int:
        """Count the functions in memory that were compiled from the originals' files."""
        files = {os.path.realpath(file) for file in self.originals} | {*self.originals}
        return sum(
            1
            for thing in gc.get_objects()
            if type(thing) is FunctionType and thing.__code__.co_filename in files
        )


def describe(module: ModuleType) -> str:
    """Return our name for a module if it is one of ours, itself and no copy; else its file."""
    compat = sys.modules.get("miniloop.compat")
    for name in NAMES:
        if module is getattr(compat, name, None):
            return OURS + name
    return str(getattr(module, "__file__", None) or module)
