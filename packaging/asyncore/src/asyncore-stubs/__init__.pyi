from miniloop.compat.asyncore import *  # noqa: F403
from miniloop.compat.asyncore import _DISCONNECTED as _DISCONNECTED
from miniloop.compat.asyncore import _exception as _exception
from miniloop.compat.asyncore import _reraised_exceptions as _reraised_exceptions
from miniloop.compat.asyncore import _strerror as _strerror
