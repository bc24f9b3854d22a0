"""How Sphinx builds the site from these pages; ``python3 -m tests --only docs`` does it.

The pages are plain Markdown, to be read on a forge as well.  What only the site can do (the table
of contents at the side, the reference from the docstrings) stands in few blocks, named as such.
"""

import sys
from pathlib import Path
from typing import Any

from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.book.runs import embedding

project = "miniloop"
author = "the miniloop authors"
project_copyright = author
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_inherit_docstrings = True
napoleon_use_ivar = True

# Nothing is fetched while building, so what other projects define has no page to lead to: only our
# own names are checked.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!miniloop).*"),
    (r"py:.*", r"miniloop\..*\._\w+"),
    (r"py:.*", r"miniloop\.testing\.\w+\.\w+"),  # its parts, of which users see the package only
]

html_theme = "furo"
html_title = "miniloop"
# The player of the recorded runs draws with what the page of examples/watch draws with.
LANES = "../examples/watch/static"
html_static_path = ["_static", f"{LANES}/lanes.js", f"{LANES}/lanes.css"]
html_css_files = ["site.css", *embedding.STYLES]
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"


class DirectoryLinks(SphinxPostTransform):
    """A link to a directory of the repository, which a forge shows, is its name in the site."""

    default_priority = 8  # before myst complains that it is no page

    def run(self, **kwargs: object) -> None:
        """Put the text of such a link in its place."""
        for node in [*self.document.findall(pending_xref)]:
            place = Path(self.app.srcdir, node.get("refdoc", "")).parent / node["reftarget"]
            if node["reftype"] == "myst" and place.is_dir():
                node.replace_self(node[0])


def add_runs(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    """Put the recordings that a page plays into it, and the scripts that play them."""
    if names := embedding.names(context.get("body", "")):
        context["body"] += "".join(map(embedding.data, names))
        for script in embedding.SCRIPTS:
            app.add_js_file(script, loading_method="defer")


def setup(app: Sphinx) -> None:
    """Add what the extensions lack."""
    app.add_post_transform(DirectoryLinks)
    app.connect("html-page-context", add_runs)
