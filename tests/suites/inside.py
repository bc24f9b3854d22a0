"""Run one suite, in this process, with one side's modules, and write down what came of it.

    python3 tests/suites/inside.py REQUEST

REQUEST is JSON: ``suite`` (the fields of a ``Suite``), ``ours`` (whether it runs on ours), ``path``
(folders to import from before all others), ``limit`` (seconds) and ``report`` (the file to write).
"""

from __future__ import annotations

import dataclasses
import faulthandler
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def main(request: dict[str, Any]) -> None:
    """Do what the request says."""
    faulthandler.enable()  # a crash tells where, too
    faulthandler.dump_traceback_later(request["limit"], exit=True)
    from tests.suites.catalogue import Suite
    from tests.suites.witness import Witness

    suite = Suite(**request["suite"])
    run = runner(suite.runner)
    sys.path[:1] = [*request["path"], str(ROOT)]  # so no other miniloop than the one beside us
    witness = Witness(suite.home, request["ours"])
    step_aside()
    if suite.target.startswith("test."):
        set_test_support()
    outcomes, count = run(suite.target)
    report = {
        "outcomes": outcomes,
        "count": count,
        "testimony": dataclasses.asdict(witness.testify()),
    }
    Path(request["report"]).write_text(json.dumps(report))


def runner(name: str) -> Any:
    """Return the function that runs tests; pytest need not be there for unittest's."""
    if name == "pytest":
        from tests.suites.recording_pytest import run_pytest

        return run_pytest
    from tests.suites.recording import run_unittest

    return run_unittest


def step_aside() -> None:
    """Give up the name ``tests``: a foreign suite may want to be imported under it."""
    for name in [*sys.modules]:
        if name.partition(".")[0] == "tests":
            del sys.modules[name]


def set_test_support() -> None:
    """Set what ``python3 -m test`` would: no network, all else allowed, little output."""
    from importlib import import_module

    support: Any = import_module("test.support")
    support.use_resources = ["cpu", "subprocess", "walltime"]
    support.verbose = False


if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # in the place of this file's folder
    main(json.loads(sys.argv[1]))
