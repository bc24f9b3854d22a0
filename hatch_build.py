"""The long description: README.md with links that hold outside the repository.

The backend, hatchling, loads this file when it reads ``pyproject.toml``.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?!https?://|#)(?P<target>[^)\s]+)\)")
"""A link of Markdown, or an image, whose target is a path in the repository."""


def with_absolute_links(text: str, pages: str, images: str) -> str:
    """Return Markdown with its relative links made absolute.

    Args:
        text: Markdown, whose links are relative to the repository's root.
        pages: the address under which a browser shows the repository's files.
        images: the address under which the files themselves are.
    """

    def absolute(link: re.Match[str]) -> str:
        image, label, target = link["image"], link["text"], link["target"]
        return f"{image}[{label}]({images if image else pages}{target})"

    return LINK.sub(absolute, text)


class LongDescription(MetadataHookInterface):
    """Makes ``project.readme``; the two addresses are this hook's settings in pyproject.toml."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the description to the metadata."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        text = with_absolute_links(text, self.config["pages"], self.config["images"])
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
