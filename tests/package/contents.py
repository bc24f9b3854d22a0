"""What has to be in the two archives, and what must not."""

import re
import tarfile
import zipfile
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from pathlib import Path

NAME = "miniloop-sockets"
TAKEN = "miniloop"
"""What a stranger's package is called on PyPI."""

IN_SDIST = {
    "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "docs", "examples", "hatch_build.py",
    "miniloop", "packaging", "pyproject.toml", "tests", ".gitignore",
}  # fmt: skip
RELATIVE = re.compile(r"\]\((?!https?://|#)[^)]*\)")
LABELS = ("Homepage", "Documentation", "Source", "Changelog")


def faults_of_sdist(sdist: Path) -> Iterator[str]:
    """Yield what is wrong with an sdist, a sentence each."""
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    top = {name.split("/")[0] for name in names if name}
    for name in sorted(IN_SDIST - top):
        yield f"{sdist.name} lacks {name}"
    for name in sorted(top - IN_SDIST):
        yield f"{sdist.name} contains {name}"
    for name in names:
        if "__pycache__" in name or name.startswith("docs/_build"):
            yield f"{sdist.name} contains {name}"


def faults_of_wheel(wheel: Path, package: Path) -> Iterator[str]:
    """Yield what is wrong with a wheel of the folder ``package``."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        about = next(name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = message_from_string(archive.read(about).decode())
    info = about.split("/")[0]
    files = (path for path in package.rglob("*") if path.is_file())
    wanted = {
        path.relative_to(package.parent).as_posix()
        for path in files
        if "__pycache__" not in path.parts
    }
    for name in sorted(wanted - names):
        yield f"{wheel.name} lacks {name}"
    for name in sorted(names - wanted):
        if not name.startswith(f"{info}/"):
            yield f"{wheel.name} contains {name}"
    yield from faults_of_metadata(metadata)


def faults_of_metadata(metadata: Message) -> Iterator[str]:
    """Yield what is wrong with what PyPI would show."""
    if metadata["Name"] != NAME:
        yield f"the distribution is called {metadata['Name']}"
    urls = dict(url.split(", ", 1) for url in metadata.get_all("Project-URL", []))
    for label in LABELS:
        if not urls.get(label, "").startswith("https://"):
            yield f"project.urls has no address for {label}"
    description = str(metadata.get_payload())
    for link in RELATIVE.findall(description):
        yield f"a link of the long description holds in the repository only: {link[1:]}"
    if re.search(rf"pip install {TAKEN}(?![\w-])", description):
        yield f"the long description suggests pip install {TAKEN}, which is another project"
