"""Run Python with these arguments, stripped: the process becomes that Python."""

import os
import sys

from tests.stripped import environment

if __name__ == "__main__":
    os.execve(sys.executable, [sys.executable, *sys.argv[1:]], environment())
