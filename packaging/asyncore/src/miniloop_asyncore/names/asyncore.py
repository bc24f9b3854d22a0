"""asyncore, on miniloop: for tools that look for a file, and where the finder is not installed.

Type checkers, linters and freezers do not ask finders, but look into the folders of ``sys.path``.
"""

import sys

from miniloop.compat import asyncore
from miniloop.compat.asyncore import *  # noqa: F403

sys.modules[__name__] = asyncore
