from pathlib import Path

import pytest

from examples.servers import __main__ as listing

SERVERS = Path(listing.__file__).parent


def test_every_program_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listing.main()
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines() if "  " in line}
    programs = {path.stem for path in SERVERS.glob("*.py") if "common.run(" in path.read_text()}
    assert programs
    assert programs <= listed
