"""The folder in which programs keep the user's data.

Rule of this file: compute a path; create and change nothing.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

FOLDER = "miniloop-chatroom"


def data_folder() -> Path:
    """Return the folder for the chat room's data; it need not exist yet.

    ``$XDG_DATA_HOME`` or ``~/.local/share`` (XDG Base Directory Specification), ``~/Library/
    Application Support`` on macOS, ``%LOCALAPPDATA%`` on Windows; `FOLDER` in it.

    Raises:
        RuntimeError: The user has no home directory.
    """
    system = platform.system()
    if system == "Darwin":
        return Path.home() / "Library" / "Application Support" / FOLDER
    name, usual = (
        ("LOCALAPPDATA", "AppData/Local")
        if system == "Windows"
        else ("XDG_DATA_HOME", ".local/share")
    )
    chosen = Path(os.environ.get(name, ""))
    # The specification calls relative paths invalid and says to ignore them.
    return (chosen if chosen.is_absolute() else Path.home() / usual) / FOLDER
