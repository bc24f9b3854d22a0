"""The Redis client's parts; without hiredis all of these tests are skipped aloud."""

import pytest

pytest.importorskip("hiredis", reason="needs the extra [redis]")
