"""What can be seen of a subclass's mistakes when the class is made."""

import warnings
from types import CodeType, FunctionType

_STATE = {"accepting", "closed", "connected", "connecting", "loop", "plain_read", "socket"}
"""Attributes in which the library keeps a channel's state: a class attribute would hide them."""

_COOPERATIVE = ("__init__", "close", "end", "flush")
"""Methods whose override has to call the one that it overrides."""


def check_class(cls: type) -> None:
    """Refuse names that hide state; warn of overrides that cut off what they override.

    Raises:
        TypeError: the class defines an attribute in which the library keeps state.
    """
    hidden = _STATE & vars(cls).keys()
    if hidden:
        raise TypeError(
            f"{cls.__qualname__} defines {', '.join(sorted(hidden))}, where miniloop keeps a "
            "channel's state: choose another name"
        )
    for name in _COOPERATIVE:
        method = vars(cls).get(name)
        if isinstance(method, FunctionType) and not _uses(method.__code__, name):
            warnings.warn(
                f"{cls.__qualname__}.{name}() does not call super().{name}()",
                RuntimeWarning, stacklevel=3,
            )  # fmt: skip


def _uses(code: CodeType, name: str) -> bool:
    """Return whether ``code``, or code nested in it, uses an attribute or global ``name``."""
    nested = (each for each in code.co_consts if isinstance(each, CodeType))
    return name in code.co_names or any(_uses(each, name) for each in nested)
