"""asynchat, on miniloop: for tools that look for a file, and where the finder is not installed.

Type checkers, linters and freezers do not ask finders, but look into the folders of ``sys.path``.
"""

import sys

from miniloop.compat import asynchat
from miniloop.compat.asynchat import *  # noqa: F403

sys.modules[__name__] = asynchat
