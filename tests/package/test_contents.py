"""The stage notices what does not belong into an archive, what is missing, and a wrong name."""

import io
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

import pytest

from tests.package.contents import (
    IN_SDIST,
    LABELS,
    NAME,
    faults_of_metadata,
    faults_of_sdist,
    faults_of_wheel,
)


def metadata(name: str = NAME, description: str = "") -> Message:
    message = Message()
    message["Name"] = name
    for label in LABELS:
        message["Project-URL"] = f"{label}, https://host.example/"
    message.set_payload(description)
    return message


def sdist(folder: Path, names: set[str]) -> Path:
    path = folder / "some-1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in sorted(names):
            archive.addfile(tarfile.TarInfo(f"some-1/{name}"), io.BytesIO())
    return path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package = tmp_path / "source" / "miniloop"
    (package / "__pycache__").mkdir(parents=True)
    for name in ("__init__.py", "py.typed", "__pycache__/left.pyc"):
        (package / name).touch()
    return package


def wheel(folder: Path, *names: str) -> Path:
    path = folder / "some-1.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
        archive.writestr("some-1.dist-info/METADATA", metadata().as_string())
    return path


def test_a_whole_sdist(tmp_path: Path) -> None:
    assert [*faults_of_sdist(sdist(tmp_path, IN_SDIST))] == []


def test_an_sdist_with_a_file_too_few_and_others_too_many(tmp_path: Path) -> None:
    names = IN_SDIST - {"LICENSE"} | {"build/x", "tests/__pycache__/x.pyc"}
    faults = "\n".join(faults_of_sdist(sdist(tmp_path, names)))
    assert faults == (
        "some-1.tar.gz lacks LICENSE\nsome-1.tar.gz contains build\n"
        "some-1.tar.gz contains tests/__pycache__/x.pyc"
    )


def test_a_wheel_of_the_package_alone(tmp_path: Path, package: Path) -> None:
    made = wheel(tmp_path, "miniloop/__init__.py", "miniloop/py.typed")
    assert [*faults_of_wheel(made, package)] == []


def test_a_wheel_without_types_and_with_tests(tmp_path: Path, package: Path) -> None:
    made = wheel(tmp_path, "miniloop/__init__.py", "tests/__init__.py")
    assert [*faults_of_wheel(made, package)] == [
        "some-1.whl lacks miniloop/py.typed",
        "some-1.whl contains tests/__init__.py",
    ]


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (metadata(name="miniloop"), "the distribution is called miniloop"),
        (metadata(description="[a](docs/a.md)"), "in the repository only: (docs/a.md)"),
        (metadata(description="pip install miniloop"), "which is another project"),
        (Message(), "no address for Homepage"),
    ],
)
def test_metadata(message: Message, fault: str) -> None:
    assert fault in "\n".join(faults_of_metadata(message))


def test_good_metadata() -> None:
    good = "[a](https://host.example/a) [b](#b), and pip install miniloop-sockets"
    assert [*faults_of_metadata(metadata(description=good))] == []
