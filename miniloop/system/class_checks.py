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
        if isinstance(vars(cls).get(name), FunctionType) and not _calls_base(cls, name):
            warnings.warn(
                f"{cls.__qualname__}.{name}() does not call super().{name}()",
                RuntimeWarning, stacklevel=3,
            )  # fmt: skip


def _calls_base(cls: type, name: str) -> bool:
    """Return whether a method, or another one of its class that it calls, uses ``name``."""
    waiting, seen = [name], set[FunctionType]()
    while waiting:
        method = vars(cls).get(waiting.pop())
        if isinstance(method, FunctionType) and method not in seen:
            seen.add(method)
            used = _names(method.__code__)
            if name in used:
                return True
            waiting += used
    return False


def _names(code: CodeType) -> set[str]:
    """Return the attributes and globals that ``code``, and code nested in it, uses."""
    nested = [_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return {*code.co_names}.union(*nested)
