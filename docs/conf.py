"""How Sphinx builds the site from these pages; ``python3 -m tests --only docs`` does it.

The pages are plain Markdown, to be read on a forge as well.  What only the site can do (the table
of contents at the side, the reference from the docstrings) stands in few blocks, named as such.
"""

import sys
from pathlib import Path

from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

project = "miniloop"
author = "the miniloop authors"
project_copyright = author
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["misc.highlighting_failure"]  # console blocks with what a program prints

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_inherit_docstrings = True
napoleon_use_ivar = True

# Nothing is fetched while building, so what other projects define has no page to lead to: only our
# own names are checked.
nitpick_ignore_regex = [(r"py:.*", r"(?!miniloop).*"), (r"py:.*", r"miniloop\..*\._\w+")]

html_theme = "furo"
html_title = "miniloop"
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"


def _directory_link(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element
) -> Element | None:
    """A link to a directory of the repository, which a forge shows, is its name in the site."""
    place = Path(app.srcdir, node["refdoc"]).parent / node["reftarget"]
    return content if node["reftype"] == "myst" and place.is_dir() else None


def setup(app: Sphinx) -> None:
    """Add what the extensions lack."""
    app.connect("missing-reference", _directory_link)
