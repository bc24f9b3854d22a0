"""Writing to descriptors that accept no data for a while, and to readers that have closed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from examples.chatroom.doors.output import write_fully

ROOT = Path(__file__).parents[4]


@pytest.mark.needs("files")
def test_everything_is_written_though_the_descriptor_is_non_blocking() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    data = bytes(range(256)) * 4096  # 1 MiB: more than a pipe holds

    def write() -> None:
        try:
            write_fully(writer, data)
        finally:
            os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reader, "rb") as file:
        assert file.read() == data
    thread.join()


def test_a_reader_that_has_gone_is_an_error_for_the_caller() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        write_fully(writer, b"x")
    os.close(writer)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("main", "code"),
    [
        ("print('x')", 0),
        ("code = 3", 3),
        ("sys.stderr.write('x'); raise SystemExit(2)", 2),
    ],
)
def test_output_that_nobody_reads_leaves_no_traceback(
    main: str, code: int, unbuffered: str
) -> None:
    program = (
        "import sys\n"
        "from examples.chatroom.doors.output import run_program\n"
        f"def main():\n    code = 0\n    {main}\n    return code\n"
        "run_program(main)\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == code
    assert done.stderr in (b"", b"x")


@pytest.mark.parametrize(
    "module", ["chatroom", "chatroom.client", "chatroom.history", "chatroom.operators"]
)
def test_the_programs_end_so(module: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", f"examples.{module}", "--help"],
            cwd=ROOT,
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")
