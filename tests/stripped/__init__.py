"""An interpreter stripped to what Windows has, on Linux: ``python3 -m tests.stripped ARGUMENTS``.

The arguments are Python's own (``-m pytest tests/net``, ``-c 'print(1)'``, a file). The program and
the Python processes that it starts run without what Windows lacks: see ``sitecustomize.py``.
"""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def environment() -> dict[str, str]:
    """Return this process's environment, in which Python imports ``sitecustomize`` from here.

    Without hypothesis' plugins: one of them is trio, which asks ``sys.platform`` what there is.
    """
    inherited = os.environ.get("PYTHONPATH")
    parts = [str(HERE), str(ROOT), *([inherited] if inherited else [])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(parts), "HYPOTHESIS_NO_PLUGINS": "1"}
