"""Run libFuzzer on one target: `python3 -m tests.fuzz.one TARGET [libFuzzer's options]`."""

from __future__ import annotations

import logging
import sys

import atheris

with atheris.instrument_imports(include=["miniloop.framing", "examples.chatroom"]):
    from tests.fuzz.targets import TARGETS

logging.disable(logging.CRITICAL)
target = TARGETS[sys.argv.pop(1)]
# To merge, libFuzzer calls itself again, through a shell, by what it takes for its own name.
sys.argv[0] = " ".join(sys.orig_argv[:4])
atheris.Setup(sys.argv, target)
atheris.Fuzz()
