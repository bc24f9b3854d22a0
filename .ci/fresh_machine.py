#!/usr/bin/env python3
"""Run the README's two commands on a fresh machine: a minimal Debian 12 in a folder.

    .ci/fresh_machine.py make FOLDER                         a machine, and both commands begun
    .ci/fresh_machine.py test FOLDER [argument of pytest ...]    the tests in it

The machine has Debian's own Python 3.11 with python3-venv and nothing else, and an ordinary user
with a copy of the last commit. ``make`` talks to the chat room there, and lets ``python3 -m tests``
make its environment; ``test`` runs the tests. It needs root and debootstrap.

Every command runs in namespaces of its own (mounts, processes, and the network for the chat room,
whose port 1234 is free there). They end with the command, so nothing stays mounted or running.
Debian's mirror and pip's index are those of this machine: what apt and pip are told here.
"""

from __future__ import annotations

import ast
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parent.parent
RELEASE = "bookworm"  # Debian 12
PACKAGES = "python3,python3-venv"
USER, NUMBER = "ada", 1000
HOME = Path("/home", USER)
CLONE = HOME / "miniloop"
MAKING, TESTING, TALKING = 900, 1800, 60  # seconds at most
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
HOSTS = "127.0.0.1\tlocalhost\n::1\tlocalhost\n"
PIP_SETTINGS = {
    "index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert", "client-cert",
    "proxy", "timeout", "default-timeout", "retries", "constraint",
}  # fmt: skip
FILES = {"cert", "client-cert", "constraint"}
LOCATIONS = {"index-url", "extra-index-url", "find-links"}
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
IFF_UP = 1


def main(arguments: list[str]) -> None:
    """Do what the first argument says."""
    match arguments:
        case ["make", folder]:
            make(Path(folder).resolve())
        case ["test", folder, *rest]:
            test(Path(folder).resolve(), rest)
        case ["inside", folder, network, *command]:
            enter(Path(folder), network == "shared", command)
        case ["talk"]:
            talk()
        case _:
            raise SystemExit(__doc__)


# -- from outside ---------------------------------------------------------------------------------


def make(machine: Path) -> None:
    """Make the machine; run the chat room there and talk to it; make the tests' environment."""
    if why := why_not():
        raise SystemExit(f"no fresh machine can be made: {why}")
    started = time.monotonic()
    debootstrap(machine)
    settle_in(machine)
    say(f"a fresh Debian 12 stands in {machine}: {time.monotonic() - started:.0f} s")
    inside(machine, "own", ["python3", ".ci/fresh_machine.py", "talk"], TALKING)
    inside(machine, "shared", ["python3", "-m", "tests", "--only", "lint"], MAKING)


def why_not() -> str:
    """Return why no machine can be made here, "" where one can."""
    if os.getuid() != 0:
        return "only root can"
    missing = [name for name in ("debootstrap", "unshare") if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


def debootstrap(machine: Path) -> None:
    """Install a minimal Debian into the folder, from the first mirror that has it."""
    machine.mkdir(parents=True, exist_ok=True)
    for mirror in mirrors():
        say(f"debootstrap {RELEASE} from a mirror of this machine's apt")
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}"]
        log = machine.with_suffix(".log")
        with log.open("w") as output:
            done = bounded([*isolated(), *command, RELEASE, str(machine), mirror], MAKING, output)
        if done == 0:
            return
        print(log.read_text()[-2000:], flush=True)
    raise SystemExit(f"debootstrap could not install {RELEASE} from any mirror that apt knows")


def mirrors() -> list[str]:
    """Return the addresses from which apt installs, those with this release first."""
    form = "$(RELEASE) $(REPO_URI)"
    command = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found = [line.split(" ", 1) for line in lines]
    found.sort(key=lambda each: each[0] != RELEASE)
    return list(dict.fromkeys(address for _, address in found))


def settle_in(machine: Path) -> None:
    """Give the machine its user, names of hosts, the files that pip is to use, the last commit."""
    (machine / "etc/hosts").write_text(HOSTS)
    shutil.copyfile("/etc/resolv.conf", machine / "etc/resolv.conf")
    for name, value in pip_settings().items():
        if name in FILES:
            copy = machine / value.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(value, copy)
    command = ["useradd", "--create-home", "--uid", str(NUMBER), "--shell", "/bin/bash", USER]
    subprocess.run(["chroot", str(machine), *command], check=True)
    clone = machine / CLONE.relative_to("/")
    clone.mkdir()
    git = ["git", "-C", str(ROOT), "-c", f"safe.directory={ROOT}"]
    commit = subprocess.run([*git, "archive", "HEAD"], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(clone)], input=commit, check=True)
    subprocess.run(["chown", "-R", f"{NUMBER}:{NUMBER}", str(clone)], check=True)


def test(machine: Path, arguments: list[str]) -> None:
    """Run the tests with these arguments for pytest."""
    command = ["python3", "-m", "tests", "--only", "pytest", "--", *arguments]
    inside(machine, "shared", command, TESTING)


def inside(machine: Path, network: str, command: list[str], limit: float) -> None:
    """Run a command on the machine as its user; end the program if it fails."""
    say(f"on the fresh machine: {' '.join(command)}")
    again = [sys.executable, __file__, "inside", str(machine), network, *command]
    alone = isolated() if network == "shared" else isolated("--net")
    status = bounded([*alone, *again], limit)
    if status:
        raise SystemExit(f"on the fresh machine failed, with status {status}: {' '.join(command)}")


def isolated(*more: str) -> list[str]:
    """Return what runs a command in namespaces that end with it."""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", *more]


def bounded(command: list[str], limit: float, output: IO[str] | None = None) -> int:
    """Run a command; return its status. It ends with us, and after so many seconds."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output) as child:
        try:
            return child.wait(limit)
        except subprocess.TimeoutExpired:
            say(f"ended after {limit} s")
            return 124
        finally:
            child.kill()


def pip_settings() -> dict[str, str]:
    """Return where pip finds packages here, from its files and from the environment."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    kinds: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in lines:
        name, _, value = line.partition("=")
        kind, _, key = name.rpartition(".")
        if key in PIP_SETTINGS and kind in kinds:
            kinds[kind][key] = str(ast.literal_eval(value))
    found = kinds["global"] | kinds["install"] | kinds[":env:"]
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    return ({"cert": bundle} if bundle else {}) | found


def environment() -> dict[str, str]:
    """Return what the user's commands get from the outside: where pip finds packages, and CI."""
    settings = {
        f"PIP_{name.upper().replace('-', '_')}": value for name, value in pip_settings().items()
    }
    kept = {name: os.environ[name] for name in (*PROXIES, "CI") if name in os.environ}
    return settings | kept | {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(HOME)}


# -- in the namespaces, still as root --------------------------------------------------------------


def enter(machine: Path, network: bool, command: list[str]) -> NoReturn:
    """Mount what a machine has, become its user there, and become the command."""
    variables = environment()
    mount("-t", "proc", "proc", machine / "proc")
    mount_devices(machine / "dev")
    for folder in local_folders():
        place = machine / folder.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        mount("--bind", "-o", "ro", folder, place)
    if not network:
        bring_up_loopback()
    os.chroot(machine)
    os.setgroups([])
    os.setgid(NUMBER)
    os.setuid(NUMBER)
    os.umask(0o022)
    os.chdir(CLONE)
    os.execvpe(command[0], command, variables)


def mount(*arguments: str | Path) -> None:
    """Mount, or raise."""
    subprocess.run(["mount", *map(str, arguments)], check=True)


def mount_devices(folder: Path) -> None:
    """Mount a /dev with the devices of every machine, and terminals of its own."""
    mount("-t", "tmpfs", "tmpfs", folder)
    for name in DEVICES:
        (folder / name).touch()
        mount("--bind", f"/dev/{name}", folder / name)
    for name in ("pts", "shm"):
        (folder / name).mkdir()
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620", "devpts", folder / "pts")
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", folder / "shm")
    (folder / "ptmx").symlink_to("pts/ptmx")
    (folder / "fd").symlink_to("/proc/self/fd")


def local_folders() -> Iterator[str]:
    """Yield the folders of this machine in which pip finds packages."""
    for name, value in pip_settings().items():
        for location in value.split() if name in LOCATIONS else ():
            path = location.removeprefix("file://")
            if path.startswith("/") and Path(path).is_dir():
                # An index of links leads to the files beside it.
                yield str(Path(path).parent if location != path else path)


def bring_up_loopback() -> None:
    """Set the loopback of a new network up, which it is not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", IFF_UP)
        fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS


# -- on the machine, as its user -------------------------------------------------------------------


def talk() -> None:
    """Open the chat room as the README says, talk to it on port 1234, and stop it."""
    room = subprocess.Popen(
        ["python3", "-m", "examples.chatroom"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert room.stdout is not None
    signal.alarm(TALKING)
    said = ""
    while "The chat room is open" not in said and (line := room.stdout.readline()):
        said += line
    with socket.create_connection(("127.0.0.1", 1234), TALKING) as visitor:
        read = visitor.makefile("rb")
        for line, answer in (("Ada", "Welcome, Ada."), ("Hello!", "Ada: Hello!")):
            visitor.sendall(line.encode() + b"\r\n")
            while answer not in (heard := read.readline().decode()):
                assert heard, f"the room ended before it said {answer!r}"
    room.send_signal(signal.SIGTERM)
    said += room.communicate()[0]
    print(said, end="", flush=True)
    if room.returncode or "The chat room is closed." not in said or "Traceback" in said:
        raise SystemExit(f"the chat room ended with status {room.returncode}")
    say("the chat room opened for telnet, answered and closed in order")


def say(line: str) -> None:
    """Print a line at once."""
    print(f"fresh machine: {line}", flush=True)


if __name__ == "__main__":
    # An end by a signal is an end by an exception: whatever was started is ended on the way out.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    main(sys.argv[1:])
