"""Build the distribution, check it, install it elsewhere and use it: the stage ``package``.

The sdist is built from this tree, the wheel from the unpacked sdist, so an sdist that lacks a file
is noticed. Nothing is downloaded, and all happens in a temporary folder outside the tree.
"""

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.package.contents import faults_of_sdist, faults_of_wheel

ROOT = Path(__file__).resolve().parents[2]
SMOKE = Path(__file__).with_name("smoke.py")
RESERVED = "https://miniloop.example/"
"""In the place of the repository's address, as long as there is none."""

AT_MOST = 300  # seconds for one command


def main() -> int:
    """Run the steps; the exit status is 1 when something is wrong."""
    with tempfile.TemporaryDirectory(prefix="miniloop-package-") as name:
        folder = Path(name)
        sdist, wheel = build(folder)
        run([sys.executable, "-m", "twine", "check", "--strict", sdist, wheel], folder)
        faults = [*faults_of_sdist(sdist), *faults_of_wheel(wheel, ROOT / "miniloop")]
        for fault in faults:
            print(f"FAULT: {fault}", flush=True)
        use(wheel, folder)
    if RESERVED in (ROOT / "pyproject.toml").read_text():
        print(f"NOTE: pyproject.toml has no public address yet ({RESERVED}): not for an upload")
    return 1 if faults else 0


def build(folder: Path) -> tuple[Path, Path]:
    """Build both; return their paths."""
    hatch: list[str | Path] = [sys.executable, "-m", "hatchling", "build", "-d", folder / "dist"]
    run([*hatch, "-t", "sdist"], ROOT)
    (sdist,) = (folder / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    run([*hatch, "-t", "wheel"], unpacked)
    (wheel,) = (folder / "dist").glob("*.whl")
    return sdist, wheel


def use(wheel: Path, folder: Path) -> None:
    """Install the wheel in an environment of its own, and run the smoke test there."""
    run([sys.executable, "-m", "venv", folder / "venv"], folder)
    scripts = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / "python"
    pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    run([python, *pip, wheel], folder)
    # -I: neither this tree nor PYTHONPATH is looked at.
    run([python, "-I", "-W", "error", SMOKE], folder)


def run(command: Sequence[str | Path], folder: Path) -> None:
    """Run a command in a folder; end with its status if it fails."""
    done = subprocess.run(command, cwd=folder, check=False, timeout=AT_MOST)
    if done.returncode:
        raise SystemExit(f"failed with status {done.returncode}: {' '.join(map(str, command))}")


if __name__ == "__main__":
    sys.exit(main())
